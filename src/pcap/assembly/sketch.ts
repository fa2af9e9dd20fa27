// Sums over what left the full table, of which the heavy keys can be read back (heavy.ts). There are four
// sketches: of IPv4 and IPv6 conversations, of IPv4 and IPv6 addresses. Each has two rows of buckets; a key
// belongs to one bucket of each row. A bucket sums the packets and bytes of its keys, and for each bit of the
// code word those of the keys that have this bit.
//
// All of it is sums, so it depends on what was counted and neither on the order nor on how the capture was cut.
//
// A cell is bytes in 40 bits, and packets in the 24 above, as long as both fit; then they are moved into a
// second set of cells, of 16 bytes, which hardly any bucket needs. A bucket's cells: all, the first way, the
// second way (of a conversation a to b, b to a; of an address sent, received), where the second set is (0:
// nowhere), then one for each bit.

import { reserve } from './arena';
import { code } from './code-words';

export const CONVERSATIONS4: u32 = 0;
export const CONVERSATIONS6: u32 = 1;
export const ADDRESSES4: u32 = 2;
export const ADDRESSES6: u32 = 3;
export const SKETCHES: u32 = 4;
export const ROWS: u32 = 2;

export const ALL_CELL: u32 = 0;
export const FIRST_CELL: u32 = 1;
export const SECOND_CELL: u32 = 2;
const LARGE_CELL: u32 = 3;
export const BIT_CELLS: u32 = 4;

export const BYTES_BITS: u64 = 40;
const BYTES_MASK: u64 = (1 << 40) - 1;
/** What a packed cell takes in at once, and holds before it is emptied: two of them fit. */
const PACKED_BYTES_MAX: u64 = (1 << 39) - 1;
const PACKED_PACKETS_MAX: u64 = (1 << 23) - 1;

const bases = memory.data(4 * 4, 16);
/** For two bits of a code word, which lanes of a pair of cells they add to. */
const lanes = memory.data(4 * 16, 16);

export function beginSketches(): void {
  memory.fill(bases, 0, 16);
  store<i64>(lanes + 16, -1);
  store<i64>(lanes + 32, -1, 8);
  store<i64>(lanes + 48, -1);
  store<i64>(lanes + 48, -1, 8);
}

/** Bits of a sketch's code words. */
export function bitsOf(sketch: u32): u32 {
  return sketch == CONVERSATIONS4 ? 161 : sketch == CONVERSATIONS6 ? 353 : sketch == ADDRESSES4 ? 96 : 192;
}

/**
 * Buckets of a row: each costs 0.8 to 2.8 KiB once there is anything, and the more there are, the closer the bounds.
 */
export function bucketsOf(sketch: u32): u32 {
  return sketch & 1 ? 1024 : 2048;
}

// @ts-ignore: decorator
@inline
export function cellsOf(sketch: u32): usize {
  return <usize>(BIT_CELLS + ((bitsOf(sketch) + 3) & ~3));
}

/** Whether anything was added to it. */
export function isUsed(sketch: u32): bool {
  return load<u32>(bases + (<usize>sketch << 2)) != 0;
}

/** Where a bucket is; the buckets of the second row follow those of the first. */
export function bucketAt(sketch: u32, number: u32): usize {
  return <usize>load<u32>(bases + (<usize>sketch << 2)) + <usize>number * (cellsOf(sketch) << 3);
}

/** A used sketch has room for all its buckets. */
export function use(sketch: u32): void {
  if (isUsed(sketch)) return;
  const bytes = <usize>(ROWS * bucketsOf(sketch)) * (cellsOf(sketch) << 3);
  store<u32>(bases + (<usize>sketch << 2), <u32>reserve(bytes));
}

/** Number of the bucket that a key with these check bits has in a row. */
export function bucketNumber(sketch: u32, row: u32, check: u64): u32 {
  let hash = check * 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 29)) * 0xbf58476d1ce4e5b9;
  hash ^= hash >> 32;
  const buckets = bucketsOf(sketch);
  return row * buckets + (<u32>(hash >> (<u64>row * 20)) & (buckets - 1));
}

/**
 * Adds counts to the key whose code word was made last. `packets` and `bytes` are in all, `p` and `b` those
 * of the two ways.
 */
export function addNow(sketch: u32, check: u64, packets: u64, bytes: u64, p1: u64, b1: u64, p2: u64, b2: u64): void {
  use(sketch);
  const one = bucketAt(sketch, bucketNumber(sketch, 0, check));
  const other = bucketAt(sketch, bucketNumber(sketch, 1, check));
  if (packets > PACKED_PACKETS_MAX || bytes > PACKED_BYTES_MAX) {
    addLarge(sketch, one, packets, bytes, p1, b1, p2, b2);
    addLarge(sketch, other, packets, bytes, p1, b1, p2, b2);
    return;
  }
  makeRoomIn(sketch, one);
  makeRoomIn(sketch, other);
  const weight = (packets << BYTES_BITS) | bytes;
  const first = (p1 << BYTES_BITS) | b1;
  const second = (p2 << BYTES_BITS) | b2;
  addHead(one, weight, first, second);
  addHead(other, weight, first, second);
  const both = i64x2.splat(weight);
  let cell = one + (BIT_CELLS << 3);
  const apart = other - one;
  let bits = <i32>bitsOf(sketch);
  for (let word = code; bits > 0; word += 8, bits -= 64) {
    let rest = load<u64>(word);
    for (const end = cell + (<usize>(min(bits, 64) + 1) >> 1 << 4); cell < end; cell += 16) {
      const added = v128.and(both, v128.load(lanes + (<usize>(rest & 3) << 4)));
      v128.store(cell, i64x2.add(v128.load(cell), added));
      v128.store(cell + apart, i64x2.add(v128.load(cell + apart), added));
      rest >>= 2;
    }
  }
}

// @ts-ignore: decorator
@inline
function addHead(bucket: usize, weight: u64, first: u64, second: u64): void {
  store<u64>(bucket, load<u64>(bucket) + weight);
  store<u64>(bucket, load<u64>(bucket, 8) + first, 8);
  store<u64>(bucket, load<u64>(bucket, 16) + second, 16);
}

/** Empties a bucket's packed cells when one more addition might not fit: none holds more than that of all. */
// @ts-ignore: decorator
@inline
export function makeRoomIn(sketch: u32, bucket: usize): void {
  const all = load<u64>(bucket);
  if ((all & BYTES_MASK) > PACKED_BYTES_MAX || all >> BYTES_BITS > PACKED_PACKETS_MAX) unpack(sketch, bucket);
}

/** The second set of cells of a bucket, made when there is none. */
export function largeCells(sketch: u32, bucket: usize): usize {
  let large = <usize>load<u64>(bucket + (LARGE_CELL << 3));
  if (!large) {
    large = reserve(cellsOf(sketch) << 4);
    store<u64>(bucket + (LARGE_CELL << 3), <u64>large);
  }
  return large;
}

/** Where the second set is; 0: there is none. */
export function largeAt(bucket: usize): usize {
  return <usize>load<u64>(bucket + (LARGE_CELL << 3));
}

function unpack(sketch: u32, bucket: usize): void {
  const large = largeCells(sketch, bucket);
  for (let i: usize = 0; i < cellsOf(sketch); i++) {
    if (i == LARGE_CELL) continue;
    const cell = load<u64>(bucket + (i << 3));
    addLargeCell(large + (i << 4), cell >> BYTES_BITS, cell & BYTES_MASK);
    store<u64>(bucket + (i << 3), 0);
  }
}

function addLarge(sketch: u32, bucket: usize, packets: u64, bytes: u64, p1: u64, b1: u64, p2: u64, b2: u64): void {
  const large = largeCells(sketch, bucket);
  addLargeCell(large + (ALL_CELL << 4), packets, bytes);
  addLargeCell(large + (FIRST_CELL << 4), p1, b1);
  addLargeCell(large + (SECOND_CELL << 4), p2, b2);
  for (let bit: u32 = 0; bit < bitsOf(sketch); bit++)
    if (codeBit(bit)) addLargeCell(large + (<usize>(BIT_CELLS + bit) << 4), packets, bytes);
}

export function addLargeCell(cell: usize, packets: u64, bytes: u64): void {
  store<u64>(cell, load<u64>(cell) + packets);
  store<u64>(cell, load<u64>(cell, 8) + bytes, 8);
}

/** Adds the packed cells of such a bucket elsewhere. */
export function addPackedCells(sketch: u32, bucket: usize, from: usize): void {
  makeRoomIn(sketch, bucket);
  const all = load<u64>(from);
  const fits = (all & BYTES_MASK) <= PACKED_BYTES_MAX && all >> BYTES_BITS <= PACKED_PACKETS_MAX;
  const large: usize = fits ? 0 : largeCells(sketch, bucket);
  for (let i: usize = 0; i < cellsOf(sketch); i++) {
    if (i == LARGE_CELL) continue;
    const cell = load<u64>(from + (i << 3));
    if (large) addLargeCell(large + (i << 4), cell >> BYTES_BITS, cell & BYTES_MASK);
    else store<u64>(bucket + (i << 3), load<u64>(bucket + (i << 3)) + cell);
  }
}

// @ts-ignore: decorator
@inline
export function codeBit(bit: u32): bool {
  return ((load<u64>(code + (<usize>(bit >> 6) << 3)) >> (bit & 63)) & 1) != 0;
}

/** What a cell has summed: bytes, or packets. */
// @ts-ignore: decorator
@inline
export function sumIn(bucket: usize, cell: u32, ofBytes: bool): u64 {
  const packed = load<u64>(bucket + (<usize>cell << 3));
  const large = largeAt(bucket);
  const more = large ? load<u64>(large + (<usize>cell << 4) + (ofBytes ? 8 : 0)) : 0;
  return (ofBytes ? packed & BYTES_MASK : packed >> BYTES_BITS) + more;
}
