import type { ByteReader } from './byte-reader.js';
import { StreamCut, StreamDamaged } from './inflated.js';

/**
 * Largest window of a frame: what the zstd tool itself takes without --memory, and all that `zstd -1` to `-19`,
 * `--ultra` and `--long` write. The decoder allocates it, so it bounds memory.
 */
export const windowBytesMax = 128 * 1024 * 1024;

/** Largest block that the format allows (RFC 8878, 3.1.1.2.4). */
const blockBytesMax = 128 * 1024;

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a5;

/**
 * Walks zstd frames (RFC 8878) without decoding them: yields each frame's header, each of its blocks and its
 * checksum as pieces of their own. So a cut is told from damage, skippable frames are skipped, and a frame
 * that would take too much memory is refused before the decoder sees it. Bytes after the last frame that begin no
 * frame are ignored, as with gzip. Throws StreamCut or StreamDamaged.
 */
export async function* zstdPieces(reader: ByteReader): AsyncGenerator<Uint8Array> {
  for (let frames = 0; ; frames++) {
    const at = reader.position;
    const magic = await reader.peek(4);
    if (magic.length === 0) return;
    const number = magic.length < 4 ? 0 : littleEndian(magic, 0, 4);
    if (number >>> 4 === skippableMagic) await skip(reader);
    else if (number === frameMagic) yield* frame(reader, at);
    else if (frames > 0) return;
    else throw new StreamDamaged(`no zstd frame at offset ${at}`);
  }
}

async function skip(reader: ByteReader): Promise<void> {
  let left = littleEndian(await exactly(reader, 8), 4, 4);
  while (left > 0) {
    const bytes = await reader.some(left);
    if (bytes === null) throw new StreamCut();
    left -= bytes.length;
  }
}

async function* frame(reader: ByteReader, at: number): AsyncGenerator<Uint8Array> {
  const descriptor = (await exactly(reader, 5)).slice();
  const flags = descriptor[4];
  const singleSegment = (flags & 0x20) !== 0;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][flags >> 6];
  const dictionaryBytes = [0, 1, 2, 4][flags & 3];
  const rest = (await exactly(reader, (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes)).slice();
  if ((flags & 0x08) !== 0) throw new StreamDamaged(`zstd frame at offset ${at} sets a reserved flag`);
  const windowBytes = singleSegment
    ? littleEndian(rest, dictionaryBytes, contentSizeBytes) + (contentSizeBytes === 2 ? 256 : 0)
    : windowOf(rest[0]);
  if (windowBytes > windowBytesMax) {
    throw new StreamDamaged(
      `zstd frame at offset ${at} needs a window of ${windowBytes} bytes, over windowBytesMax ${windowBytesMax}; pack it anew without --long`,
    );
  }
  if (littleEndian(rest, singleSegment ? 0 : 1, dictionaryBytes) !== 0) {
    throw new StreamDamaged(`zstd frame at offset ${at} needs a dictionary`);
  }
  yield joined(descriptor, rest);
  for (let last = false; !last; ) {
    const blockAt = reader.position;
    const header = (await exactly(reader, 3)).slice();
    const word = littleEndian(header, 0, 3);
    last = (word & 1) === 1;
    const type = (word >> 1) & 3;
    const size = type === 1 ? 1 : word >> 3;
    if (type === 3 || size > blockBytesMax) throw new StreamDamaged(`zstd block at offset ${blockAt} is malformed`);
    yield joined(header, await exactly(reader, size));
  }
  if ((flags & 0x04) !== 0) yield (await exactly(reader, 4)).slice();
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

async function exactly(reader: ByteReader, count: number): Promise<Uint8Array> {
  const bytes = await reader.upTo(count);
  if (bytes.length < count) throw new StreamCut();
  return bytes;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i];
  return value;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
