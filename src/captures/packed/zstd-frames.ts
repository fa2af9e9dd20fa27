import { type ByteReader, restOf, skipZeros } from '../file/byte-reader.js';
import { StreamCut, StreamDamaged } from './inflated.js';
import { exactly, isLz4, isSkippable, littleEndian, magicBytes, skipSkippable, zstdMagic } from './packed-frames.js';

/**
 * Largest window of a frame: what the zstd tool itself takes without --memory, and all that `zstd -1` to `-19`,
 * `--ultra` and `--long` write. The decoder allocates it, so it bounds memory.
 */
export const windowBytesMax = 128 * 1024 * 1024;

/** Largest block that the format allows (RFC 8878, 3.1.1.2.4). */
const blockBytesMax = 128 * 1024;
const blockHeaderBytes = 3;

/**
 * Walks zstd frames (RFC 8878) without decoding them: yields each frame's header, each of its blocks and its
 * checksum as pieces of their own. So a cut is told from damage, skippable frames are skipped, and a frame
 * that would take too much memory is refused before the decoder sees it. As with gzip, zeros between frames are padding,
 * and bytes that begin no frame end the stream: they are counted. Throws StreamCut or StreamDamaged.
 * @returns the number of bytes behind the last frame
 */
export async function* zstdPieces(reader: ByteReader): AsyncGenerator<Uint8Array, number> {
  for (let frames = 0; ;) {
    const at = reader.position;
    const head = await reader.peek(magicBytes);
    const magic = head.length < magicBytes ? 0 : littleEndian(head, 0, magicBytes);
    if (isSkippable(magic)) await skipSkippable(reader);
    else if (magic === zstdMagic) {
      yield* frame(reader, at);
      frames++;
    } else if (frames > 0) return restOf(reader);
    else throw new StreamDamaged(noFrame(at, magic));
    await skipZeros(reader);
  }
}

/** Only skippable frames have come, which LZ4 has too. */
function noFrame(at: number, magic: number): string {
  const lz4 = isLz4(magic)
    ? `, but one of LZ4; unpack it without what is before: tail -c +${at + 1} FILE | trireme analyze -`
    : '';
  return `no zstd frame at offset ${at}${lz4}`;
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
      `zstd frame at offset ${at} needs a window of ${windowBytes} bytes, over the ${windowBytesMax} that it may have${remedy(windowBytes)}`,
    );
  }
  const dictionary = littleEndian(rest, singleSegment ? 0 : 1, dictionaryBytes);
  if (dictionary !== 0) {
    throw new StreamDamaged(
      `zstd frame at offset ${at} needs the dictionary ${dictionary}; unpack it: zstd -dc -D DICTIONARY FILE | trireme analyze -`,
    );
  }
  yield joined(descriptor, rest);
  for (let last = false; !last;) {
    const blockAt = reader.position;
    const word = littleEndian(await reader.peek(blockHeaderBytes), 0, blockHeaderBytes);
    if (reader.heldBytes < blockHeaderBytes) throw new StreamCut();
    last = (word & 1) === 1;
    const type = (word >> 1) & 3;
    const size = type === 1 ? 1 : word >> 3;
    if (type === 3 || size > blockBytesMax) throw new StreamDamaged(`zstd block at offset ${blockAt} is malformed`);
    for (let left = blockHeaderBytes + size; left > 0;) {
      const bytes = await reader.some(left);
      if (bytes === null) throw new StreamCut();
      left -= bytes.length;
      yield bytes;
    }
  }
  if ((flags & 0x04) !== 0) yield (await exactly(reader, 4)).slice();
}

/** Largest window that the zstd tool can be told to take (--long=31). */
const toolWindowBytesMax = 2 ** 31;

function remedy(windowBytes: number): string {
  if (windowBytes > toolWindowBytesMax) return ' and all that zstd itself takes: its header is damaged';
  return `; unpack it: zstd -dc --memory=${Math.ceil(windowBytes / 2 ** 20)}MB FILE | trireme analyze -`;
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}
