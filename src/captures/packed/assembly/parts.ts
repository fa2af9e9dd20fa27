// A part of a deflate stream, decoded before what comes before it is known. Its first block is searched;
// bytes that lie before it become markers: 16 bits with the highest one set, and the place in the 32 KiB that
// end where the part begins. Once those are known, a table turns every 16 bits into their byte.

import { BLOCK_ENDED, ENDED, GO_ON, Input, need, setInput } from './bits';
import { codes, Output, stored } from './codes';
import { Block, dynamicTables, header } from './headers';

const HISTORY: usize = 0x8000;
/** Each byte by its 16 bits: itself below 256, from MARKERS on what is before the part. */
const BYTES: usize = 0x28000;
const MARKERS: usize = 0x8000;
/** The last 32 KiB of a part, as bytes. */
const LAST: usize = 0x20000;
/** The input of a part, and behind it the output, in memory that grows with both. */
const PART: usize = 0xe0000;
/** Loads and copies reach so far beyond. */
const PAST: usize = 0x400;

let inputEnd: usize = PART;
let output: usize = 0;
let width: usize = 1;
let bytesLeft: usize = 0;

/**
 * Makes room for a part of so many packed bytes, and for what they may inflate to. Returns where the packed
 * bytes go; 0: there is no memory.
 */
export function partAt(packed: usize, inflated: usize): usize {
  output = (PART + packed + PAST + 15) & ~15;
  const end = output + 2 * (HISTORY + inflated) + PAST;
  const wanted = <i32>((end + 0xffff) >> 16) - memory.size();
  if (wanted > 0 && memory.grow(wanted) < 0) return 0;
  inputEnd = PART + packed;
  bytesLeft = inflated;
  return PART;
}

function setBit(bit: u32): void {
  setInput(PART + <usize>(bit >> 3), inputEnd);
  if (!(bit & 7)) return;
  Input.bits = <u64>load<u8>(Input.at++) >> <u64>(bit & 7);
  Input.count = 8 - (bit & 7);
}

/** Bits of the part before what was not decoded. */
export function partBit(): u32 {
  return (<u32>(Input.at - PART) << 3) - Input.count;
}

/** Bytes or symbols that the part has given. */
export function partLength(): usize {
  return (Output.at - output) / width - HISTORY;
}

/** Where they are, as bytes, once they are all known. */
export function partOutput(): usize {
  return output + HISTORY * width;
}

/** Where the 32 KiB that end before the part go, for decodeBytes() and for known(). */
export function windowAt(): usize {
  return BYTES + MARKERS;
}

/** Decodes from a bit on with what is before it known, until a block ends behind `until`. */
export function decodeBytes(from: u32, until: u32, limit: u32): u32 {
  memory.copy(output, windowAt(), HISTORY);
  return decode<u8>(from, until, limit);
}

/** The same with markers for what is before it. */
export function decodeSymbols(from: u32, until: u32, limit: u32): u32 {
  for (let i: usize = 0; i < HISTORY; i++) store<u16>(output + (i << 1), <u16>(MARKERS + i));
  return decode<u16>(from, until, limit);
}

/**
 * Ends with the first block end behind `until` where a block begins that a search finds, or with any behind
 * `limit`.
 * @returns BLOCK_ENDED, ENDED behind the last block, or why it got no further
 */
function decode<T>(from: u32, until: u32, limit: u32): u32 {
  width = sizeof<T>();
  Output.start = output;
  Output.at = output + HISTORY * width;
  Output.end = Output.at + bytesLeft * width;
  setBit(from);
  while (true) {
    let result = header();
    if (result != GO_ON) return result;
    result = Block.stored ? stored<T>() : codes<T>();
    if (result != GO_ON) return result;
    if (Block.last) return ENDED;
    const bit = partBit();
    if (bit < until) continue;
    if (bit >= limit || !need(3) || (<u32>Input.bits & 7) == DYNAMIC) return BLOCK_ENDED;
  }
}

/** The first bits of a block that is not the last, with codes of its own. */
const DYNAMIC: u32 = 4;
/** Code lengths of the code lengths have 3 bits each; those of all of them fill a tree of 7 bits. */
const TREE: u32 = 128;
/** Parts of that tree that four such lengths fill. */
const FILLS: usize = 0x38000;
let filled: bool = false;

function fillTable(): void {
  for (let four: u32 = 0; four < 4096; four++) {
    let sum: u32 = 0;
    for (let i: u32 = 0; i < 12; i += 3) {
      const length = (four >> i) & 7;
      if (length) sum += TREE >> length;
    }
    store<u16>(FILLS + (<usize>four << 1), <u16>sum);
  }
  filled = true;
}

// @ts-ignore: decorator
@inline
function fills(value: u64): u32 {
  return load<u16>(FILLS + (<usize>(<u32>value & 4095) << 1));
}

/**
 * The first bit, from one on and before another, where a block that is not the last and has codes of its own
 * may begin; NONE: there is none.
 */
export function findBlock(from: u32, to: u32): u32 {
  if (!filled) fillTable();
  for (let start = from & ~31; start < to; start += 32) {
    const v = load<u64>(PART + <usize>(start >> 3));
    // Of 32 places: three bits say the kind; 286 codes of literals and 30 of distances are most, so four bits
    // of either are not all set.
    const x = v & (v >> 1) & (v >> 2) & (v >> 3);
    let places = <u32>((v >> 2) & ~(v >> 1) & ~v & ~(x >> 4) & ~(x >> 9));
    if (start < from) places &= 0xffffffff << (from - start);
    for (; places; places &= places - 1) {
      const bit = start + ctz(places);
      if (bit >= to) break;
      if (isBlock(bit)) return bit;
    }
  }
  return NONE;
}

export const NONE: u32 = 0xffffffff;

function isBlock(bit: u32): bool {
  const at = PART + <usize>(bit >> 3);
  const v = load<u64>(at) >> <u64>(bit & 7);
  const lengths = (<u32>(v >> 13) & 15) + 4;
  // 19 lengths at most, of which 13 are in the first 56 bits.
  let some = v >> 17;
  const first = min<u32>(lengths, 13) * 3;
  some &= (<u64>1 << <u64>first) - 1;
  let sum = fills(some) + fills(some >> 12) + fills(some >> 24) + fills(some >> 36);
  if (sum > TREE) return false;
  if (lengths > 13) {
    let rest = load<u64>(at + 7) >> <u64>(bit & 7);
    rest &= (<u64>1 << <u64>((lengths - 13) * 3)) - 1;
    sum += fills(rest) + fills(rest >> 12);
  }
  if (sum != TREE) return false;
  setBit(bit + 3);
  return dynamicTables() == GO_ON;
}

/** Where the last 32 KiB of what was decoded are, once what is before the part is in windowAt(). */
export function lastBytes(): usize {
  if (width == 1) return Output.at - HISTORY;
  known(Output.at - 2 * HISTORY, Output.at, LAST);
  return LAST;
}

/** Turns all symbols of the part into bytes. */
export function knowAll(): void {
  if (width == 1) return;
  known(output + 2 * HISTORY, Output.at, output + HISTORY);
  Output.at = output + HISTORY + ((Output.at - output) / 2 - HISTORY);
  width = 1;
}

/** Symbols to bytes; may be done in place. */
function known(from: usize, end: usize, to: usize): void {
  for (let i: usize = 0; i < 256; i++) store<u8>(BYTES + i, <u8>i);
  let out = to;
  let at = from;
  for (; at + 32 <= end; at += 32, out += 16) {
    const low = v128.load(at);
    const high = v128.load(at, 16);
    if (!i16x8.bitmask(v128.or(low, high))) {
      v128.store(out, i8x16.narrow_i16x8_u(low, high));
      continue;
    }
    for (let i: usize = 0; i < 32; i += 8) {
      const four = load<u64>(at + i);
      const bytes =
        <u32>load<u8>(BYTES + <usize>(four & 0xffff)) |
        (<u32>load<u8>(BYTES + <usize>((four >> 16) & 0xffff)) << 8) |
        (<u32>load<u8>(BYTES + <usize>((four >> 32) & 0xffff)) << 16) |
        (<u32>load<u8>(BYTES + <usize>(four >> 48)) << 24);
      store<u32>(out + (i >> 1), bytes);
    }
  }
  for (; at < end; at += 2, out++) store<u8>(out, load<u8>(BYTES + <usize>load<u16>(at)));
}
