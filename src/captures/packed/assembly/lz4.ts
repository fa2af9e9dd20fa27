// LZ4 blocks (lz4_Block_format.md 1.6), a piece of output at a time. A block is put into IN whole, or as far
// as a cut stream has it. Decoding goes on until the output is full; what has begun goes on at the next call.
// The last 64 KiB of the output stay before what comes next, because matches reach back so far.

import { hashDigest, hashOf, hashReset, hashStripes } from './xxh32';

/**
 * Output: what matches may reach, then room for so many bytes; the first piece of a frame takes both. Copies
 * write up to 32 bytes more than they should.
 */
const OUT_START: usize = 0x10000;
const HISTORY: usize = 0x10000;
const OUT_BYTES: usize = 0x40000;
const OUT_END: usize = OUT_START + HISTORY + OUT_BYTES;
/** A short sequence: 14 literals and a match of 18, and what their copies write beyond. */
const SEQUENCE_ROOM: usize = 96;
/** Least input for a short sequence to be read without looking: token, 16 bytes for 14 literals, distance. */
const SEQUENCE_BYTES: usize = 32;

/** The block, in memory that grows with it. Loads go up to 32 bytes past its end. */
const IN: usize = OUT_END + 0x1000;
const PAST: usize = 64;

export const OUTPUT_FULL: u32 = 0;
export const BLOCK_ENDED: u32 = 1;
/** The block ends inside a sequence. What is before it has been given. */
export const BLOCK_CUT: u32 = 2;
export const DAMAGED: u32 = 3;

let at: usize = IN;
let end: usize = IN;
let out: usize = OUT_START;
let told: usize = OUT_START;
/**
 * Matches reach back to here at most: the begin of the frame, or of the block where blocks do not refer to
 * each other.
 */
let floor: usize = OUT_START;
/** Where the next stripe of the content begins that the hash has not taken in. */
let hashed: usize = OUT_START;
let hashing: bool = false;
let literalsLeft: usize = 0;
let matchLeft: usize = 0;
let distance: usize = 0;
/** A literal run has been read whose match has not begun. */
let literalsRead: bool = false;
let matchCode: u32 = 0;
let stored: bool = false;

/** Begins a frame, with or without a checksum of its content. */
export function beginFrame(checksum: bool): void {
  out = OUT_START;
  told = OUT_START;
  floor = OUT_START;
  hashed = OUT_START;
  hashing = checksum;
  hashReset();
}

/** Makes room for a block of so many bytes and returns where it goes; 0: there is no memory for it. */
export function room(bytes: usize): usize {
  const wanted = <i32>((IN + bytes + PAST + 0xffff) >> 16) - memory.size();
  if (wanted > 0 && memory.grow(wanted) < 0) return 0;
  return IN;
}

/** Begins the block of so many bytes that was put into IN. */
export function beginBlock(bytes: usize, isStored: bool, independent: bool): void {
  at = IN;
  end = IN + bytes;
  literalsLeft = 0;
  matchLeft = 0;
  literalsRead = false;
  stored = isStored;
  if (isStored) literalsLeft = bytes;
  if (independent) floor = out;
}

/** XXH32 of the first bytes of IN. */
export function inputHash(bytes: usize): u32 {
  return hashOf(IN, IN + bytes);
}

/** XXH32 of all content of the frame. */
export function contentHash(): u32 {
  return hashDigest(hashed, out);
}

export function outputAt(): usize {
  return told;
}

export function outputBytes(): usize {
  return out - told;
}

/**
 * The output has been taken. It moves to the front only once half of the room is gone: small blocks would be
 * all moving.
 */
export function taken(): void {
  if (out > OUT_END - OUT_BYTES / 2) {
    const by = out - HISTORY - OUT_START;
    memory.copy(OUT_START, out - HISTORY, HISTORY);
    out -= by;
    hashed -= by;
    floor = floor > OUT_START + by ? floor - by : OUT_START;
  }
  told = out;
}

/** Decodes on; what comes of it is put behind what is at outputAt() and was not taken. */
export function decode(): u32 {
  const result = sequences();
  if (hashing) hashed = hashStripes(hashed, out);
  return result;
}

function sequences(): u32 {
  while (true) {
    if (matchLeft > 0) {
      copyMatch();
      if (matchLeft > 0) return OUTPUT_FULL;
    }
    if (literalsLeft > 0 || literalsRead) {
      const result = literalsThenMatch();
      if (result != GO_ON) return result;
      continue;
    }
    if (at >= end) return stored ? BLOCK_ENDED : BLOCK_CUT;
    fastSequences();
    if (out > OUT_END - SEQUENCE_ROOM) return OUTPUT_FULL;
    if (at >= end) return BLOCK_CUT;
    const token = <u32>load<u8>(at++);
    matchCode = token & 15;
    literalsLeft = <usize>(token >> 4);
    if (literalsLeft == 15) {
      literalsLeft = longer(15);
      if (literalsLeft == 0) return BLOCK_CUT;
    }
    literalsRead = true;
  }
}

const GO_ON: u32 = 4;

/** A length whose first part says that more follow; 0: the block ends before it does. */
function longer(length: usize): usize {
  while (at < end) {
    const more = load<u8>(at++);
    length += <usize>more;
    if (more != 255) return length;
  }
  return 0;
}

/** The rest of a literal run, and the begin of the match behind it. The last run of a block has none. */
function literalsThenMatch(): u32 {
  const size = min<usize>(min<usize>(literalsLeft, end - at), OUT_END - out);
  memory.copy(out, at, size);
  out += size;
  at += size;
  literalsLeft -= size;
  if (literalsLeft > 0) return at == end ? BLOCK_CUT : OUTPUT_FULL;
  literalsRead = false;
  if (at == end) return BLOCK_ENDED;
  if (at + 2 > end) return BLOCK_CUT;
  distance = <usize>load<u16>(at);
  at += 2;
  let length = <usize>matchCode;
  if (length == 15) {
    length = longer(15);
    if (length == 0) return BLOCK_CUT;
  }
  if (distance == 0 || distance > out - floor) return DAMAGED;
  matchLeft = length + 4;
  return GO_ON;
}

/** As much of the match as the output has room for. */
function copyMatch(): void {
  let size = min<usize>(matchLeft, OUT_END - out);
  matchLeft -= size;
  if (distance == 1) {
    memory.fill(out, load<u8>(out - 1), size);
    out += size;
    return;
  }
  // What is copied doubles what may be copied at once.
  let reach = distance;
  while (size > 0) {
    const part = min<usize>(size, reach);
    memory.copy(out, out - reach, part);
    out += part;
    size -= part;
    reach += part;
  }
}

/**
 * Sequences while there is input for a short one and room for what copies write beyond. One that goes on past
 * the output or the block, and one that is refused, is left to the caller as if nothing had been read of it.
 */
function fastSequences(): void {
  if (end - at < SEQUENCE_BYTES) return;
  const inEnd = end - SEQUENCE_BYTES;
  const outEnd = OUT_END - SEQUENCE_ROOM;
  const low = floor;
  let from = at;
  let to = out;
  while (from <= inEnd && to <= outEnd) {
    const start = from;
    const token = <u32>load<u8>(from++);
    let literals = <usize>(token >> 4);
    let length = <usize>(token & 15);
    let more: usize = 255;
    if (literals == 15) {
      while (more == 255 && from < end) literals += more = <usize>load<u8>(from++);
      if (literals > inEnd - from || to + literals > outEnd || from > inEnd) {
        from = start;
        break;
      }
      for (let done: usize = 16; done < literals; done += 16) v128.store(to + done, v128.load(from + done));
    }
    v128.store(to, v128.load(from));
    from += literals;
    const behind = to + literals;
    const back = <usize>load<u16>(from);
    from += 2;
    if (length == 15) {
      more = 255;
      while (more == 255 && from < end) length += more = <usize>load<u8>(from++);
      if (more == 255 || length > outEnd - behind) {
        from = start;
        break;
      }
    }
    if (back == 0 || back > behind - low) {
      from = start;
      break;
    }
    length += 4;
    to = behind + length;
    if (back >= 16) {
      let target = behind;
      v128.store(target, v128.load(target - back));
      v128.store(target, v128.load(target - back, 16), 16);
      for (target += 32; target < to; target += 16) v128.store(target, v128.load(target - back));
    } else copyNear(behind, back, to);
  }
  at = from;
  out = to;
}

/**
 * A match whose bytes overlap within a vector: byte by byte until a multiple of the distance is a vector
 * long.
 */
function copyNear(target: usize, back: usize, to: usize): void {
  const wide = back * ((15 + back) / back);
  const bytewise = min<usize>(to, target + wide);
  for (; target < bytewise; target++) store<u8>(target, load<u8>(target - back));
  for (; target < to; target += 16) v128.store(target, v128.load(target - wide));
}
