// Look-up tables of prefix codes (RFC 1951, 3.2). An entry of 32 bits:
//
//   bits 0-7    bits of the code, all levels together
//   bits 8-11   extra bits behind it
//   bit 12      no code: damage where it is met; bit 13: end of block; bit 15: a literal
//   bit 14      a second table: bits 0-7 are those that index it
//   bits 16-31  the literal, the base of a length or distance, a code length, or the second table's place

/** Code lengths of the symbols, one byte each. */
export const LENGTHS: usize = 0x1000;
/** The symbols of the table that is being built, by the length of their codes. */
const SORTED: usize = 0x1800;
export const LITERAL_TABLE: usize = 0x2000;
export const LITERAL_BITS: u32 = 10;
export const DISTANCE_TABLE: usize = 0x6000;
export const DISTANCE_BITS: u32 = 8;

export const LITERAL: u32 = 0x8000;
export const SUBTABLE: u32 = 0x4000;
export const END_OF_BLOCK: u32 = 0x2000;
export const INVALID: u32 = 0x1000;
const BITS_MAX: u32 = 15;

const sizes = memory.data(16 * 4, 8);
const next = memory.data(17 * 4, 8);
const places = memory.data(17 * 4, 8);

/**
 * Builds the table of `symbols` lengths from number `from` on. False: zlib refuses such a set. Kind 0:
 * literals, 1: distances, 2: code lengths.
 */
export function buildTable(table: usize, tableBits: u32, from: u32, symbols: u32, kind: u32): bool {
  memory.fill(sizes, 0, 64);
  for (let i: u32 = 0; i < symbols; i++) {
    const cell = sizes + (<usize>load<u8>(LENGTHS + <usize>(from + i)) << 2);
    store<u32>(cell, load<u32>(cell) + 1);
  }
  let longest = BITS_MAX;
  while (longest && !load<u32>(sizes + (<usize>longest << 2))) longest--;
  if (!longest) {
    fill(table, 0, 1 << tableBits, 1, 1 | (kind == 2 ? 0 : INVALID));
    return true;
  }
  let left: i32 = 1;
  let code: u32 = 0;
  store<u32>(sizes, 0);
  for (let length: u32 = 1; length <= BITS_MAX; length++) {
    code = (code + load<u32>(sizes + (<usize>(length - 1) << 2))) << 1;
    store<u32>(next + (<usize>length << 2), code);
    left = (left << 1) - <i32>load<u32>(sizes + (<usize>length << 2));
    if (left < 0) return false;
  }
  if (left > 0 && (kind == 2 || longest != 1)) return false;
  // An incomplete set has one code of one bit; the other is met as damage.
  if (left > 0) fill(table, 0, 1 << tableBits, 1, 1 | INVALID);
  sortByLength(from, symbols);
  let end: u32 = 1 << tableBits;
  let prefix: u32 = 0xffffffff;
  let subBits: u32 = 0;
  let sub: u32 = 0;
  let sorted = SORTED;
  for (let length: u32 = 1; length <= longest; length++) {
    const first = load<u32>(next + (<usize>length << 2));
    const stop = first + load<u32>(sizes + (<usize>length << 2));
    for (let value = first; value < stop; value++) {
      const reversed = reverse(value, length);
      const entry = entryOf(<u32>load<u16>(sorted), kind) | length;
      sorted += 2;
      if (length <= tableBits) {
        fill(table, reversed, 1 << tableBits, 1 << length, entry);
        continue;
      }
      const low = reversed & ((1 << tableBits) - 1);
      if (low != prefix) {
        prefix = low;
        subBits = subTableBits(value, length, longest, tableBits);
        sub = end;
        end += 1 << subBits;
        store<u32>(table + (<usize>low << 2), (sub << 16) | SUBTABLE | subBits);
      }
      fill(table + (<usize>sub << 2), reversed >> tableBits, 1 << subBits, 1 << (length - tableBits), entry);
    }
  }
  return true;
}

/**
 * Puts the symbols that have a code into SORTED, 16 bits each: the shortest codes first, then by their
 * number.
 */
function sortByLength(from: u32, symbols: u32): void {
  let place: u32 = 0;
  for (let length: usize = 1; length <= <usize>BITS_MAX; length++) {
    store<u32>(places + (length << 2), place);
    place += load<u32>(sizes + (length << 2));
  }
  for (let i: u32 = 0; i < symbols; i++) {
    const length = <usize>load<u8>(LENGTHS + <usize>(from + i));
    if (!length) continue;
    const cell = places + (length << 2);
    const at = load<u32>(cell);
    store<u32>(cell, at + 1);
    store<u16>(SORTED + (<usize>at << 1), i);
  }
}

/** Bits that the second table needs for all codes with the same first bits, of which this is the first. */
function subTableBits(value: u32, length: u32, longest: u32, tableBits: u32): u32 {
  let bits = length - tableBits;
  let room: i32 = 1 << bits;
  // The codes of this length that remain, then longer ones, fill the prefix.
  room -= <i32>(load<u32>(sizes + (<usize>length << 2)) - taken(value, length));
  while (room > 0 && bits + tableBits < longest) {
    bits++;
    room = (room << 1) - <i32>load<u32>(sizes + (<usize>(bits + tableBits) << 2));
  }
  return bits;
}

/** Codes of this length before this one. */
function taken(value: u32, length: u32): u32 {
  let code: u32 = 0;
  for (let i: u32 = 1; i <= length; i++) code = (code + (i > 1 ? load<u32>(sizes + (<usize>(i - 1) << 2)) : 0)) << 1;
  return value - code;
}

function fill(table: usize, from: u32, end: u32, step: u32, entry: u32): void {
  for (let i = from; i < end; i += step) store<u32>(table + (<usize>i << 2), entry);
}

function reverse(value: u32, length: u32): u32 {
  let bits = ((value >> 1) & 0x5555) | ((value & 0x5555) << 1);
  bits = ((bits >> 2) & 0x3333) | ((bits & 0x3333) << 2);
  bits = ((bits >> 4) & 0x0f0f) | ((bits & 0x0f0f) << 4);
  return (((bits >> 8) | (bits << 8)) & 0xffff) >> (16 - length);
}

function entryOf(symbol: u32, kind: u32): u32 {
  if (kind == 2) return symbol << 16;
  if (kind == 1) {
    if (symbol >= 30) return INVALID;
    const extra: u32 = symbol < 4 ? 0 : (symbol >> 1) - 1;
    const base: u32 = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << extra) + 1;
    return (base << 16) | (extra << 8);
  }
  if (symbol < 256) return (symbol << 16) | LITERAL;
  if (symbol == 256) return END_OF_BLOCK;
  if (symbol >= 286) return INVALID;
  if (symbol == 285) return 258 << 16;
  const place = symbol - 257;
  const extra: u32 = place < 8 ? 0 : (place >> 2) - 1;
  const base: u32 = place < 8 ? place + 3 : ((4 + (place & 3)) << extra) + 3;
  return (base << 16) | (extra << 8);
}
