/**
 * What frames of zstd (RFC 8878) and of LZ4 (lz4_Frame_format.md 1.6) have in common. All numbers are
 * little-endian.
 */
import type { ByteReader } from '../file/byte-reader.js';
import { StreamCut } from './inflated.js';

export const zstdMagic = 0xfd2fb528;
export const lz4Magic = 0x184d2204;
/** The form that `lz4 -l` writes and Linux kernels are packed with: blocks of 8 MiB without any checksum. */
export const lz4LegacyMagic = 0x184c2102;

export const magicBytes = 4;

/** Header of a skippable frame: magic and length. Both formats have them, under the same 16 magics. */
export const skippableHeaderBytes = 8;

export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5;
}

export function isLz4(magic: number): boolean {
  return magic === lz4Magic || magic === lz4LegacyMagic;
}

/** Passes over a skippable frame. Throws StreamCut. */
export async function skipSkippable(reader: ByteReader): Promise<void> {
  let left = littleEndian(await exactly(reader, skippableHeaderBytes), magicBytes, 4);
  while (left > 0) {
    const bytes = await reader.some(left);
    if (bytes === null) throw new StreamCut();
    left -= bytes.length;
  }
}

/** So many bytes, valid until the next are read. Throws StreamCut where fewer are left. */
export async function exactly(reader: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await reader.upTo(count);
  if (bytes.length < count) throw new StreamCut();
  return bytes;
}

/** The number of `count` bytes at `at`; above 2^53 it is rounded. */
export function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}
