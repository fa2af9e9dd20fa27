// Raw deflate (RFC 1951), a step of input at a time. What is refused is what zlib refuses, and after as many bytes. A step ends
// where the input does: bits of an unfinished symbol or block header stay in IN, and the next input is put behind them.

import { buildTable, DISTANCE_BITS, DISTANCE_TABLE, LITERAL_BITS, LITERAL_TABLE, LENGTHS } from './tables';

/** Input: what was left over and the next step. Loads go up to 8 bytes past the end. */
export const IN: usize = 0x10000;
export const IN_BYTES: usize = 0x10000;
/** Output, behind the 32 KiB that distances reach back. */
const HISTORY: usize = 0x8000;
const OUT_START: usize = 0x40000;
const OUT_BYTES: usize = 0x80000;
const OUT_END: usize = OUT_START + HISTORY + OUT_BYTES;
/** A match has 258 bytes, and copies write up to 32 more. */
const MATCH_ROOM: usize = 320;

export const NEED_INPUT: u32 = 0;
export const OUTPUT_FULL: u32 = 1;
export const ENDED: u32 = 2;
export const DAMAGED: u32 = 3;

const HEADER: u32 = 0;
const STORED: u32 = 1;
const CODES: u32 = 2;

let state: u32 = HEADER;
let last: bool = false;
let storedLeft: u32 = 0;
let at: usize = IN;
let end: usize = IN;
let bits: u64 = 0;
let count: u32 = 0;
let out: usize = OUT_START;
let told: usize = OUT_START;
/** Bytes of this stream before out, as far as a distance may reach. */
let reach: u32 = 0;

export function reset(): void {
  state = HEADER;
  last = false;
  at = IN;
  end = IN;
  bits = 0;
  count = 0;
  out = OUT_START;
  told = OUT_START;
}

/** Where the next input goes: behind what is left of the last one, which is moved to the front. */
export function inputAt(): usize {
  const left = end - at;
  memory.copy(IN, at, left);
  at = IN;
  end = IN + left;
  return end;
}

export function outputAt(): usize {
  return told;
}

export function outputBytes(): usize {
  return out - told;
}

/** Whole bytes of input behind the end of the stream. */
export function unusedBytes(): usize {
  return end - at + <usize>(count >> 3);
}

/** Inflates with so many more bytes of input; what comes of it is at outputAt(). */
export function inflate(bytes: usize): u32 {
  end += bytes;
  if (out > OUT_START + HISTORY) {
    memory.copy(OUT_START, out - HISTORY, HISTORY);
    out = OUT_START + HISTORY;
  }
  told = out;
  while (true) {
    if (state == HEADER) {
      if (last) return finish(ENDED);
      const result = header();
      if (result != GO_ON) return finish(result);
    }
    const result = state == STORED ? stored() : codes();
    if (result != GO_ON) return finish(result);
    state = HEADER;
  }
}

const GO_ON: u32 = 4;

/** Gives whole bytes back, so that what is left stands in IN but for the bits of one byte. */
function finish(result: u32): u32 {
  at -= <usize>(count >> 3);
  count &= 7;
  bits &= (<u64>1 << <u64>count) - 1;
  return result;
}

/** Makes at least `wanted` bits there, up to 56; false: the input does not have them. */
// @ts-ignore: decorator
@inline
function need(wanted: u32): bool {
  while (count < wanted) {
    if (at >= end) return false;
    bits |= <u64>load<u8>(at++) << <u64>count;
    count += 8;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function take(wanted: u32): u32 {
  const value = <u32>bits & ((1 << wanted) - 1);
  bits >>= <u64>wanted;
  count -= wanted;
  return value;
}

// A header that is not all there is read again from here.
let keptAt: usize = 0;
let keptBits: u64 = 0;
let keptCount: u32 = 0;

function keep(): void {
  finish(0);
  keptAt = at;
  keptBits = bits;
  keptCount = count;
}

function later(): u32 {
  at = keptAt;
  bits = keptBits;
  count = keptCount;
  return NEED_INPUT;
}

function header(): u32 {
  keep();
  if (!need(3)) return later();
  const final = take(1) != 0;
  const type = take(2);
  if (type == 3) return DAMAGED;
  if (type == 0) {
    take(count & 7);
    if (!need(32)) return later();
    const size = take(16);
    if (size != (take(16) ^ 0xffff)) return DAMAGED;
    storedLeft = size;
    state = STORED;
  } else {
    if (type == 1) fixedTables();
    else {
      const result = dynamicTables();
      if (result == NEED_INPUT) return later();
      if (result == DAMAGED) return DAMAGED;
    }
    state = CODES;
  }
  last = final;
  return GO_ON;
}

function stored(): u32 {
  finish(0);
  const size = min<usize>(min<usize>(<usize>storedLeft, end - at), OUT_END - out);
  memory.copy(out, at, size);
  out += size;
  at += size;
  storedLeft -= <u32>size;
  if (!storedLeft) return GO_ON;
  return at == end ? NEED_INPUT : OUTPUT_FULL;
}

function fixedTables(): void {
  for (let i: usize = 0; i < 288; i++) store<u8>(LENGTHS + i, i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
  buildTable(LITERAL_TABLE, LITERAL_BITS, 0, 288, 0);
  for (let i: usize = 0; i < 32; i++) store<u8>(LENGTHS + i, 5);
  buildTable(DISTANCE_TABLE, DISTANCE_BITS, 0, 32, 1);
}

const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);
const CODE_BITS: u32 = 7;

function dynamicTables(): u32 {
  if (!need(14)) return NEED_INPUT;
  const literals = take(5) + 257;
  const distances = take(5) + 1;
  const codes = take(4) + 4;
  if (literals > 286 || distances > 30) return DAMAGED;
  memory.fill(LENGTHS, 0, 320);
  for (let i: u32 = 0; i < codes; i++) {
    if (!need(3)) return NEED_INPUT;
    store<u8>(LENGTHS + <usize>load<u8>(ORDER + <usize>i), take(3));
  }
  if (!buildTable(LITERAL_TABLE, CODE_BITS, 0, 19, 2)) return DAMAGED;
  const all = literals + distances;
  memory.fill(LENGTHS, 0, 320);
  for (let have: u32 = 0; have < all; ) {
    let entry: u32 = 0;
    while (true) {
      entry = load<u32>(LITERAL_TABLE + (<usize>(<u32>bits & 127) << 2));
      if ((entry & 0xff) <= count) break;
      if (!need(count + 1)) return NEED_INPUT;
    }
    const length = entry & 0xff;
    const symbol = entry >> 16;
    if (symbol < 16) {
      take(length);
      store<u8>(LENGTHS + <usize>have, symbol);
      have++;
      continue;
    }
    const extra: u32 = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
    if (!need(length + extra)) return NEED_INPUT;
    take(length);
    if (symbol == 16 && !have) return DAMAGED;
    const value: u32 = symbol == 16 ? <u32>load<u8>(LENGTHS + <usize>(have - 1)) : 0;
    const times = take(extra) + (symbol == 18 ? 11 : 3);
    if (have + times > all) return DAMAGED;
    memory.fill(LENGTHS + <usize>have, <u8>value, <usize>times);
    have += times;
  }
  if (!load<u8>(LENGTHS + 256)) return DAMAGED;
  if (!buildTable(LITERAL_TABLE, LITERAL_BITS, 0, literals, 0)) return DAMAGED;
  return buildTable(DISTANCE_TABLE, DISTANCE_BITS, literals, distances, 1) ? GO_ON : DAMAGED;
}

const LITERAL: u32 = 0x8000;
const SUBTABLE: u32 = 0x4000;
const END_OF_BLOCK: u32 = 0x2000;
const INVALID: u32 = 0x1000;
const LITERAL_MASK: u64 = (1 << LITERAL_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;

/** The symbols of a block. Entries are described in tables.ts. */
function codes(): u32 {
  const fast = fastCodes();
  if (fast != NEED_INPUT) return fast;
  while (true) {
    if (out > OUT_END - MATCH_ROOM) return OUTPUT_FULL;
    // Near the end of the input: as many bits as there are, and nothing is taken before a symbol is whole.
    need(56);
    let entry = lookUp(LITERAL_TABLE, bits, LITERAL_MASK);
    let used = entry & 0xff;
    if (used > count) return NEED_INPUT;
    if (entry & LITERAL) {
      store<u8>(out++, entry >> 16);
      take(used);
      continue;
    }
    if (entry & INVALID) return DAMAGED;
    if (entry & END_OF_BLOCK) {
      take(used);
      return GO_ON;
    }
    let extra = (entry >> 8) & 15;
    const length = (entry >> 16) + (<u32>(bits >> <u64>used) & ((1 << extra) - 1));
    used += extra;
    if (used > count) return NEED_INPUT;
    entry = lookUp(DISTANCE_TABLE, bits >> <u64>used, DISTANCE_MASK);
    used += entry & 0xff;
    if (used > count) return NEED_INPUT;
    if (entry & INVALID) return DAMAGED;
    extra = (entry >> 8) & 15;
    const distance = (entry >> 16) + (<u32>(bits >> <u64>used) & ((1 << extra) - 1));
    used += extra;
    if (used > count) return NEED_INPUT;
    if (<usize>distance > out - OUT_START) return DAMAGED;
    bits >>= <u64>used;
    count -= used;
    copyMatch(<usize>distance, <usize>length);
  }
}

// @ts-ignore: decorator
@inline
function lookUp(table: usize, value: u64, mask: u64): u32 {
  const entry = load<u32>(table + (<usize>(value & mask) << 2));
  if (!(entry & SUBTABLE)) return entry;
  const first: u64 = table == LITERAL_TABLE ? LITERAL_BITS : DISTANCE_BITS;
  const sub = (value >> first) & ((<u64>1 << <u64>(entry & 0xff)) - 1);
  return load<u32>(table + ((<usize>(entry >> 16) + <usize>sub) << 2));
}

/** Low bits of the bit buffer that are not read: an index masked above them is a place in a table of 4-byte entries. */
const SCALE: u32 = 2;
const LITERAL_PLACE: u32 = ((1 << LITERAL_BITS) - 1) << SCALE;
const DISTANCE_PLACE: u32 = ((1 << DISTANCE_BITS) - 1) << SCALE;

/** The second table's entry, of a code longer than the first table's bits. */
// @ts-ignore: decorator
@inline
function second(entry: u32, held: u64, table: usize, firstBits: u64): u32 {
  const sub = <u32>(held >> (firstBits + SCALE)) & ((1 << (entry & 0xff)) - 1);
  return load<u32>(table + ((<usize>(entry >> 16) + <usize>sub) << 2));
}

/**
 * The same while there is input and room for whatever a symbol may need. NEED_INPUT: go on with care. Only the low six bits of `have`
 * count: an entry is subtracted, and shifted by, as it is.
 */
function fastCodes(): u32 {
  const inEnd = end - 16;
  const outEnd = OUT_END - MATCH_ROOM;
  let from = at;
  let to = out;
  let held = bits << SCALE;
  let have = count + SCALE;
  let result = NEED_INPUT;
  while (from <= inEnd && to <= outEnd) {
    held |= load<u64>(from) << <u64>have;
    from += <usize>((~have >> 3) & 7);
    have |= 56;
    let entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
    // Five codes of the first table have at most 50 bits, and 54 are there.
    if (entry & LITERAL) {
      held >>= <u64>entry;
      have -= entry;
      store<u8>(to++, entry >> 16);
      entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
      if (entry & LITERAL) {
        held >>= <u64>entry;
        have -= entry;
        store<u8>(to++, entry >> 16);
        entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
        if (entry & LITERAL) {
          held >>= <u64>entry;
          have -= entry;
          store<u8>(to++, entry >> 16);
          entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
          if (entry & LITERAL) {
            held >>= <u64>entry;
            have -= entry;
            store<u8>(to++, entry >> 16);
            entry = load<u32>(<usize>(<u32>held & LITERAL_PLACE), LITERAL_TABLE);
            if (entry & LITERAL) {
              held >>= <u64>entry;
              have -= entry;
              store<u8>(to++, entry >> 16);
              continue;
            }
          }
        }
      }
      held |= load<u64>(from) << <u64>have;
      from += <usize>((~have >> 3) & 7);
      have |= 56;
    }
    if (entry & SUBTABLE) {
      entry = second(entry, held, LITERAL_TABLE, LITERAL_BITS);
      if (entry & LITERAL) {
        held >>= <u64>entry;
        have -= entry;
        store<u8>(to++, entry >> 16);
        continue;
      }
    }
    // What is refused is found again, with care, by the caller.
    if (entry & INVALID) break;
    if (entry & END_OF_BLOCK) {
      held >>= <u64>entry;
      have -= entry;
      result = GO_ON;
      break;
    }
    const lengthBits = entry & 0xff;
    const lengthExtra = (entry >> 8) & 15;
    const length = <usize>((entry >> 16) + (<u32>(held >> <u64>(lengthBits + SCALE)) & ((1 << lengthExtra) - 1)));
    const rest = held >> <u64>(lengthBits + lengthExtra);
    entry = load<u32>(<usize>(<u32>rest & DISTANCE_PLACE), DISTANCE_TABLE);
    if (entry & SUBTABLE) entry = second(entry, rest, DISTANCE_TABLE, DISTANCE_BITS);
    if (entry & INVALID) break;
    const distanceBits = entry & 0xff;
    const distanceExtra = (entry >> 8) & 15;
    const distance = <usize>((entry >> 16) + (<u32>(rest >> <u64>(distanceBits + SCALE)) & ((1 << distanceExtra) - 1)));
    if (distance > to - OUT_START) break;
    held = rest >> <u64>(distanceBits + distanceExtra);
    have -= lengthBits + lengthExtra + distanceBits + distanceExtra;
    out = to;
    copyMatch(distance, length);
    to += length;
  }
  have = (have & 63) - SCALE;
  // Bits above those that are counted were loaded and not taken; they are loaded again.
  at = from - <usize>(have >> 3);
  count = have & 7;
  bits = (held >> SCALE) & ((<u64>1 << <u64>count) - 1);
  out = to;
  return result;
}

// @ts-ignore: decorator
@inline
function copyMatch(distance: usize, length: usize): void {
  let to = out;
  const stop = to + length;
  out = stop;
  if (distance >= 16) {
    do {
      v128.store(to, v128.load(to - distance));
      to += 16;
    } while (to < stop);
  } else if (distance == 1) {
    const value = i8x16.splat(load<i8>(to - 1));
    do {
      v128.store(to, value);
      to += 16;
    } while (to < stop);
  } else if (distance >= 8) {
    do {
      store<u64>(to, load<u64>(to - distance));
      to += 8;
    } while (to < stop);
  } else {
    do {
      store<u8>(to, load<u8>(to - distance));
      to++;
    } while (to < stop);
  }
}
