import type { ByteReader } from '../file/byte-reader.js';
import { StreamDamaged } from './inflated.js';
import type { Lz4Decoder } from './lz4-decoder.js';
import { exactly, littleEndian, magicBytes } from './packed-frames.js';

/** What the header of an LZ4 frame says (lz4_Frame_format.md 1.6). */
export interface Lz4Header {
  /**
   * What a block unpacks to at most, and its largest size in the file: 64 KiB to 4 MiB. It bounds the
   * decoder's memory.
   */
  readonly blockBytesMax: number;
  /** No block refers to what is before it. */
  readonly independent: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** What all blocks unpack to; null: not said. */
  readonly contentBytes: number | null;
}

const flag = {
  version: 0xc0,
  independent: 0x20,
  blockChecksums: 0x10,
  contentSize: 8,
  contentChecksum: 4,
  reserved: 2,
  dictionary: 1,
};
const version = 0x40;
const descriptorReserved = 0x8f;
/** The three bits of the block size: 4 is 64 KiB, each further one four times as much. */
const blockSizeCodeMin = 4;
const blockBytesMin = 64 * 1024;

/**
 * Reads a frame's header. Throws StreamCut, or StreamDamaged in words that tell what is not as it must be.
 */
export async function readLz4Header(reader: ByteReader, decoder: Lz4Decoder): Promise<Lz4Header> {
  const at = reader.position;
  const refuse = (what: string): StreamDamaged => new StreamDamaged(`LZ4 frame at offset ${at} ${what}`);
  const fixed = (await exactly(reader, magicBytes + 2)).slice(magicBytes);
  const [flags, sizes] = fixed;
  if ((flags & flag.version) !== version) throw refuse(`has version ${flags >> 6}; version 1 is read`);
  if ((flags & flag.reserved) !== 0 || (sizes & descriptorReserved) !== 0) throw refuse('sets a reserved flag');
  const code = sizes >> 4;
  if (code < blockSizeCodeMin) throw refuse(`has the unknown block size ${code}`);
  const sizeBytes = (flags & flag.contentSize) === 0 ? 0 : 8;
  const dictionaryBytes = (flags & flag.dictionary) === 0 ? 0 : 4;
  const rest = (await exactly(reader, sizeBytes + dictionaryBytes + 1)).slice();
  const hashed = Uint8Array.of(...fixed, ...rest.subarray(0, -1));
  decoder.input(hashed.length).set(hashed);
  // The header's checksum is the second byte of the hash.
  if (rest[rest.length - 1] !== ((decoder.inputHash(hashed.length) >>> 8) & 0xff)) throw refuse('has a damaged header');
  const dictionary = littleEndian(rest, sizeBytes, dictionaryBytes);
  if (dictionary !== 0)
    throw refuse(`needs the dictionary ${dictionary}; unpack it: lz4 -dc -D DICTIONARY FILE | trireme analyze -`);
  return {
    blockBytesMax: blockBytesMin * 4 ** (code - blockSizeCodeMin),
    independent: (flags & flag.independent) !== 0,
    blockChecksums: (flags & flag.blockChecksums) !== 0,
    contentChecksum: (flags & flag.contentChecksum) !== 0,
    contentBytes: sizeBytes === 0 ? null : littleEndian(rest, 0, sizeBytes),
  };
}
