import { type ByteReader, restOf, skipZeros } from '../file/byte-reader.js';
import { StreamCut, StreamDamaged } from './inflated.js';
import { exactly, isLz4, isSkippable, littleEndian, magicBytes, skipSkippable, zstdMagic } from './packed-frames.js';

/**
 * Largest window of a frame: what the zstd tool itself takes without --memory, and all that `zstd -1` to
 * `-19`, `--ultra` and `--long` write. The decoder allocates it, so it bounds memory.
 */
export const windowBytesMax = 128 * 1024 * 1024;

/** Largest block that the format allows (RFC 8878, 3.1.1.2.4). */
const blockBytesMax = 128 * 1024;
const blockHeaderBytes = 3;

/**
 * Walks zstd frames (RFC 8878) without decoding them: yields each frame's header, each of its blocks and its
 * checksum as pieces of their own. So a cut is told from damage, skippable frames are skipped, and a frame
 * that would take too much memory is refused before the decoder sees it. As with gzip, zeros between frames
 * are padding, and bytes that begin no frame end the stream: they are counted. Throws StreamCut or
 * StreamDamaged. A reader that is past the begin of the file is behind a frame.
 * @param onFrame hears where each frame begins, and where the last one ends
 * @returns the number of bytes behind the last frame
 */
export async function* zstdPieces(
  reader: ByteReader,
  onFrame: (at: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, number> {
  for (let frames = reader.position > 0 ? 1 : 0; ;) {
    const at = reader.position;
    onFrame(at);
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

/** Which fields follow the descriptor of a frame, and bytes of all of them. */
function fieldsOf(flags: number) {
  const singleSegment = (flags & 0x20) !== 0;
  const contentSizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][flags >> 6];
  const dictionaryBytes = [0, 1, 2, 4][flags & 3];
  const restBytes = (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
  return { singleSegment, contentSizeBytes, dictionaryBytes, restBytes };
}

/**
 * Whether bytes that begin with the magic go on as a frame, as far as they reach: a header, and blocks that
 * follow one another.
 */
export function looksLikeFrame(bytes: Uint8Array): boolean {
  const flags = bytes[magicBytes];
  const { dictionaryBytes, restBytes } = fieldsOf(flags);
  if ((flags & 0x08) !== 0 || dictionaryBytes > 0) return false;
  for (let at = magicBytes + 1 + restBytes; at + blockHeaderBytes <= bytes.length;) {
    const { last, type, size } = blockOf(littleEndian(bytes, at, blockHeaderBytes));
    if (type === 3 || size > blockBytesMax) return false;
    if (last) return true;
    at += blockHeaderBytes + size;
  }
  return bytes.length > magicBytes + 1 + restBytes + blockHeaderBytes;
}

/** What the header of a block says; size: bytes that it has in the file. */
function blockOf(word: number) {
  const type = (word >> 1) & 3;
  return { last: (word & 1) === 1, type, size: type === 1 ? 1 : word >> 3 };
}

async function* frame(reader: ByteReader, at: number): AsyncGenerator<Uint8Array> {
  const descriptor = (await exactly(reader, 5)).slice();
  const flags = descriptor[4];
  const { singleSegment, contentSizeBytes, dictionaryBytes, restBytes } = fieldsOf(flags);
  const rest = (await exactly(reader, restBytes)).slice();
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
  for (let isLast = false; !isLast;) {
    const blockAt = reader.position;
    const word = littleEndian(await reader.peek(blockHeaderBytes), 0, blockHeaderBytes);
    if (reader.heldBytes < blockHeaderBytes) throw new StreamCut();
    const { last, type, size } = blockOf(word);
    isLast = last;
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
