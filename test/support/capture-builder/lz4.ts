import { join, u8, writer } from './bytes.js';

const { u32, u64 } = writer('little');

/** Flags of a frame; by default those of the lz4 tool: independent blocks of 4 MiB and a checksum of the content. */
export interface Lz4Options {
  /** Blocks refer to those before them. */
  readonly linked?: boolean;
  readonly blockChecksums?: boolean;
  readonly contentChecksum?: boolean;
  readonly contentSize?: boolean;
  readonly dictionary?: number;
  /** 4 to 7: blocks of 64 KiB to 4 MiB. */
  readonly blockSizeCode?: number;
  /** Bytes of content in a block; by default as many as it may have. */
  readonly blockBytes?: number;
  /** Blocks are kept as they are. */
  readonly stored?: boolean;
}

const frameMagic = u32(0x184d2204);

/** A frame of LZ4 (lz4_Frame_format.md), written by hand so that no lz4 tool is needed. */
export function lz4Packed(bytes: Uint8Array, options: Lz4Options = {}): Uint8Array {
  const { linked, blockChecksums, contentChecksum = true, contentSize, dictionary, blockSizeCode = 7 } = options;
  const flags =
    0x40 +
    (linked ? 0 : 0x20) +
    (blockChecksums ? 0x10 : 0) +
    (contentSize ? 8 : 0) +
    (contentChecksum ? 4 : 0) +
    (dictionary === undefined ? 0 : 1);
  const descriptor = join(
    u8(flags, blockSizeCode << 4),
    contentSize ? u64(BigInt(bytes.length)) : u8(),
    dictionary === undefined ? u8() : u32(dictionary),
  );
  const blockBytes = options.blockBytes ?? 4 ** (blockSizeCode + 4);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const end = Math.min(bytes.length, at + blockBytes);
    const packed = options.stored ? null : packBlock(bytes, at, end, linked ? 0 : at);
    const kept = packed === null || packed.length >= end - at;
    const data = kept ? bytes.subarray(at, end) : packed;
    blocks.push(u32((data.length | (kept ? 0x8000_0000 : 0)) >>> 0), data, blockChecksums ? u32(xxh32(data)) : u8());
  }
  const trailer = contentChecksum ? u32(xxh32(bytes)) : u8();
  return join(frameMagic, descriptor, u8((xxh32(descriptor) >>> 8) & 0xff), ...blocks, u32(0), trailer);
}

/** The legacy form, as `lz4 -l` writes it. */
export function lz4Legacy(bytes: Uint8Array, blockBytes = 8 * 2 ** 20): Uint8Array {
  const blocks: Uint8Array[] = [u32(0x184c2102)];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const packed = packBlock(bytes, at, Math.min(bytes.length, at + blockBytes), at);
    blocks.push(u32(packed.length), packed);
  }
  return join(...blocks);
}

const matchLeast = 4;
/** The format ends a block with at least so many literals, and begins no match nearer to its end. */
const lastLiterals = 5;
const lastMatch = 12;

/** One block: at each place the nearest earlier four bytes that are the same, as far back as `low`. */
function packBlock(bytes: Uint8Array, start: number, end: number, low: number): Uint8Array {
  const out: number[] = [];
  // Places by a hash of their four bytes, and one more than that, so that 0 is none.
  const seen = new Int32Array(2 ** 14);
  const word = (at: number): number =>
    (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
  for (let at = Math.max(low, start - 0xffff); at < start; at++) seen[slot(word(at))] = at + 1;
  let literalsAt = start;
  for (let at = start; at + lastMatch <= end;) {
    const found = seen[slot(word(at))] - 1;
    seen[slot(word(at))] = at + 1;
    if (found < low || at - found > 0xffff || word(found) !== word(at)) {
      at++;
      continue;
    }
    let length = matchLeast;
    while (at + length < end - lastLiterals && bytes[found + length] === bytes[at + length]) length++;
    sequence(out, bytes.subarray(literalsAt, at), { distance: at - found, length });
    at += length;
    literalsAt = at;
  }
  sequence(out, bytes.subarray(literalsAt, end), null);
  return Uint8Array.from(out);
}

const slot = (word: number): number => Math.imul(word, 2654435761) >>> 18;

/** Appends a sequence: literals and then a match, or none at the end of a block. */
function sequence(out: number[], literals: Uint8Array, match: { distance: number; length: number } | null): void {
  const length = match === null ? 0 : match.length - matchLeast;
  out.push((Math.min(15, literals.length) << 4) | Math.min(15, length));
  if (literals.length >= 15) longer(out, literals.length - 15);
  for (const byte of literals) out.push(byte);
  if (match === null) return;
  out.push(match.distance & 255, match.distance >> 8);
  if (length >= 15) longer(out, length - 15);
}

function longer(out: number[], rest: number): void {
  for (; rest >= 255; rest -= 255) out.push(255);
  out.push(rest);
}

const [p1, p2, p3, p4, p5] = [2654435761, 2246822519, 3266489917, 668265263, 374761393];
const rotated = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** XXH32 with seed 0 (xxhash_spec.md). */
export function xxh32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash = p5;
  if (bytes.length >= 16) {
    const lanes = [p1 + p2, p2, 0, -p1];
    for (; at + 16 <= bytes.length; at += 16)
      for (let i = 0; i < 4; i++)
        lanes[i] = Math.imul(rotated((lanes[i] + Math.imul(view.getUint32(at + 4 * i, true), p2)) | 0, 13), p1);
    hash = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) + rotated(lanes[3], 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotated((hash + Math.imul(view.getUint32(at, true), p3)) | 0, 17), p4);
  for (; at < bytes.length; at++) hash = Math.imul(rotated((hash + Math.imul(bytes[at], p5)) | 0, 11), p1);
  hash = Math.imul(hash ^ (hash >>> 15), p2);
  hash = Math.imul(hash ^ (hash >>> 13), p3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
