import type { ByteReader } from '../file/byte-reader.js';
import { isLz4, isSkippable, littleEndian, magicBytes, skippableHeaderBytes, zstdMagic } from './packed-frames.js';

/** How the bytes of a file are packed. Told by the first bytes, never by the name. */
export type Compression = 'gzip' | 'zstd' | 'lz4';

/**
 * Bytes that the decision may need: skippable frames that lead are passed over. pzstd's has 12 bytes; behind
 * longer ones zstd is assumed, and LZ4 refused in words. A shorter file is compared as far as it goes.
 */
export const firstBytesMax = 512;

/**
 * How a job says that its file is packed of which it has a range. Workers that know no ranges take it for a
 * packing that they cannot undo, and say that they are to be updated; they would read such a file from its
 * begin.
 */
export type RangeCompression = `${Compression}-range`;

/** The compression that the first bytes of a file show; null: the file is read as it is. */
export function compressionOf(first: Uint8Array): Compression | null {
  return tell(first).compression;
}

/**
 * The same for a stream, of which no more is waited for than is needed: a live pipe may give a few bytes now
 * and then.
 */
export async function compressionAhead(reader: ByteReader): Promise<Compression | null> {
  for (let wanted = magicBytes; ;) {
    const first = await reader.peek(wanted);
    const { compression, needed } = tell(first);
    if (needed <= wanted || needed > firstBytesMax || first.length < wanted) return compression;
    wanted = needed;
  }
}

/** `needed`: first bytes that it takes to be sure. */
function tell(first: Uint8Array): { readonly compression: Compression | null; readonly needed: number } {
  if (first.length >= 2 && first[0] === 0x1f && first[1] === 0x8b) return { compression: 'gzip', needed: 2 };
  // No capture begins like a skippable frame.
  let compression: Compression | null = null;
  for (let at = 0; ;) {
    if (first.length < at + magicBytes) return { compression, needed: at + magicBytes };
    const magic = littleEndian(first, at, magicBytes);
    if (magic === zstdMagic) return { compression: 'zstd', needed: at };
    if (isLz4(magic)) return { compression: 'lz4', needed: at };
    if (!isSkippable(magic)) return { compression, needed: at };
    compression = 'zstd';
    if (first.length < at + skippableHeaderBytes) return { compression, needed: at + skippableHeaderBytes };
    at += skippableHeaderBytes + littleEndian(first, at + magicBytes, 4);
  }
}
