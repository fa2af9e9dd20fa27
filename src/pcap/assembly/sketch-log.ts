// Additions to a sketch wait in a log until there are many, and are then made bucket by bucket: one by one
// nearly each would be some twenty misses of the caches. The order changes no sum. Of an item its code word
// comes first; then weights as cells have them (all, first way, second way), and the numbers of its two
// buckets as u16.

import { reserve } from './arena';
import { code } from './code-words';
import {
  addNow,
  BIT_CELLS,
  bitsOf,
  bucketAt,
  bucketNumber,
  bucketsOf,
  BYTES_BITS,
  cellsOf,
  isUsed,
  makeRoomIn,
  ROWS,
  SKETCHES,
  use,
} from './sketch';

/** Items of a log, of 48 to 80 bytes: some 16 for each bucket. */
const ITEMS_MAX: u32 = 32768;
/** What an item has at most, so that a group of them fits cells of 32 bits: 22 for bytes, 10 for packets. */
const ITEM_BYTES_MAX: u64 = 65535;
const ITEM_PACKETS_MAX: u64 = 15;
const GROUP_MAX: u32 = 63;
const SHORT_BYTES_BITS: i32 = 22;
const BUCKETS_MAX: usize = 4096;
/** Bits of the longest code word, to whole words. */
const CELLS_MAX: usize = 384;

const logs = memory.data(4 * 4, 16);
const counts = memory.data(4 * 4, 16);
const starts = memory.data(4096 * 4 + 16, 16);
/** Of one group: how many items that weigh the same have each bit, and the weights of the others. */
const tallies = memory.data(384, 16);
const sums = memory.data(384 * 4, 16);
/** For four bits of a code word, which lanes of four short cells they add to. */
const lanes = memory.data(16 * 16, 16);
let order: usize = 0;

export function beginLogs(): void {
  memory.fill(logs, 0, 16);
  memory.fill(counts, 0, 16);
  order = 0;
  for (let bits: usize = 0; bits < 16; bits++)
    for (let lane: usize = 0; lane < 4; lane++) store<i32>(lanes + (bits << 4) + (lane << 2), (bits >> lane) & 1 ? -1 : 0);
}

// @ts-ignore: decorator
@inline
function wordBytes(sketch: u32): usize {
  return <usize>((bitsOf(sketch) + 63) >> 6) << 3;
}

// @ts-ignore: decorator
@inline
function itemBytes(sketch: u32): usize {
  return wordBytes(sketch) + 32;
}

/**
 * Adds counts, in all (`packets`, `bytes`) and of each way, to the key whose code word was made last. Few may wait.
 */
export function addToSketch(sketch: u32, check: u64, packets: u64, bytes: u64, p1: u64, b1: u64, p2: u64, b2: u64): void {
  if (packets > ITEM_PACKETS_MAX || bytes > ITEM_BYTES_MAX) addNow(sketch, check, packets, bytes, p1, b1, p2, b2);
  else note(sketch, check, (packets << BYTES_BITS) | bytes, (p1 << BYTES_BITS) | b1, (p2 << BYTES_BITS) | b2);
}

function note(sketch: u32, check: u64, weight: u64, first: u64, second: u64): void {
  let log = <usize>load<u32>(logs + (<usize>sketch << 2));
  if (!log) {
    use(sketch);
    log = reserve(<usize>ITEMS_MAX * itemBytes(sketch));
    store<u32>(logs + (<usize>sketch << 2), <u32>log);
  }
  const count = load<u32>(counts + (<usize>sketch << 2));
  const item = log + <usize>count * itemBytes(sketch);
  const words = wordBytes(sketch);
  for (let at: usize = 0; at < words; at += 8) store<u64>(item + at, load<u64>(code + at));
  store<u64>(item + words, weight);
  store<u64>(item + words, first, 8);
  store<u64>(item + words, second, 16);
  store<u16>(item + words, bucketNumber(sketch, 0, check), 24);
  store<u16>(item + words, bucketNumber(sketch, 1, check), 26);
  store<u32>(counts + (<usize>sketch << 2), count + 1);
  if (count + 1 == ITEMS_MAX) makeAdditions(sketch);
}

/** Makes all additions that wait. Nothing may read the sketches before. */
export function settleSketches(): void {
  for (let sketch: u32 = 0; sketch < SKETCHES; sketch++)
    if (isUsed(sketch) && load<u32>(counts + (<usize>sketch << 2))) makeAdditions(sketch);
}

function makeAdditions(sketch: u32): void {
  if (!order) order = reserve(<usize>ITEMS_MAX << 2);
  const log = <usize>load<u32>(logs + (<usize>sketch << 2));
  const count = load<u32>(counts + (<usize>sketch << 2));
  for (let row: u32 = 0; row < ROWS; row++) {
    sortByBucket(sketch, log, count, row);
    for (let number = row * bucketsOf(sketch); number < (row + 1) * bucketsOf(sketch); number++) {
      // After sorting each start is the end of its bucket.
      const end = load<u32>(starts + (<usize>number << 2));
      let from: u32 = number == row * bucketsOf(sketch) ? 0 : load<u32>(starts + (<usize>(number - 1) << 2));
      for (; from < end; from += GROUP_MAX) addGroup(sketch, number, from, min(end, from + GROUP_MAX));
    }
  }
  store<u32>(counts + (<usize>sketch << 2), 0);
}

/** Lays the items' places in the order of their buckets of a row. */
function sortByBucket(sketch: u32, log: usize, count: u32, row: u32): void {
  const bytes = itemBytes(sketch);
  const at = wordBytes(sketch) + 24 + (<usize>row << 1);
  memory.fill(starts, 0, BUCKETS_MAX << 2);
  for (let i: u32 = 0; i < count; i++) {
    const cell = starts + (<usize>load<u16>(log + <usize>i * bytes + at) << 2);
    store<u32>(cell, load<u32>(cell) + 1);
  }
  let sum: u32 = 0;
  for (let number: usize = 0; number < BUCKETS_MAX; number++) {
    const size = load<u32>(starts + (number << 2));
    store<u32>(starts + (number << 2), sum);
    sum += size;
  }
  for (let i: u32 = 0; i < count; i++) {
    const item = log + <usize>i * bytes;
    const cell = starts + (<usize>load<u16>(item + at) << 2);
    const place = load<u32>(cell);
    store<u32>(cell, place + 1);
    store<u32>(order + (<usize>place << 2), <u32>item);
  }
}

/**
 * Adds up to GROUP_MAX items of one bucket. In a scan or a flood most of them weigh the same: of these it is
 * counted how many have a bit. The weights of the others are summed in short cells. Exported for the reason
 * that rankBlock is.
 */
export function addGroup(sketch: u32, number: u32, from: u32, to: u32): void {
  const bucket = bucketAt(sketch, number);
  makeRoomIn(sketch, bucket);
  const words = wordBytes(sketch);
  const common = load<u64>(<usize>load<u32>(order + (<usize>from << 2)) + words);
  let all: u64 = load<u64>(bucket);
  let first: u64 = load<u64>(bucket, 8);
  let second: u64 = load<u64>(bucket, 16);
  let others: u32 = 0;
  for (let at: usize = 0; at < words << 3; at += 16) v128.store(tallies + at, i64x2.splat(0));
  for (let i = from; i < to; i++) {
    const item = <usize>load<u32>(order + (<usize>i << 2));
    const weight = load<u64>(item + words);
    all += weight;
    first += load<u64>(item + words, 8);
    second += load<u64>(item + words, 16);
    if (weight == common) tally(item, words);
    else sumShort(item, words, weight, others++ == 0);
  }
  store<u64>(bucket, all);
  store<u64>(bucket, first, 8);
  store<u64>(bucket, second, 16);
  const cells = bucket + (<usize>BIT_CELLS << 3);
  const bits = <usize>bitsOf(sketch);
  for (let bit: usize = 0; bit < bits; bit++) {
    const cell = cells + (bit << 3);
    store<u64>(cell, load<u64>(cell) + common * <u64>load<u8>(tallies + bit));
  }
  if (others) addShort(cells, bucket + (cellsOf(sketch) << 3));
}

/** Counts the bits of a code word, 16 of them in one step. */
// @ts-ignore: decorator
@inline
function tally(item: usize, words: usize): void {
  const bits = i64x2.splat(<i64>0x8040201008040201);
  let to = tallies;
  for (const end = item + words; item < end; item += 8) {
    const word = v128.load_splat<u64>(item);
    count16(to, i8x16.swizzle(word, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)), bits);
    count16(to + 16, i8x16.swizzle(word, i8x16(2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3)), bits);
    count16(to + 32, i8x16.swizzle(word, i8x16(4, 4, 4, 4, 4, 4, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5)), bits);
    count16(to + 48, i8x16.swizzle(word, i8x16(6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7)), bits);
    to += 64;
  }
}

// @ts-ignore: decorator
@inline
function count16(to: usize, spread: v128, bits: v128): void {
  v128.store(to, i8x16.sub(v128.load(to), i8x16.eq(v128.and(spread, bits), bits)));
}

function sumShort(item: usize, words: usize, weight: u64, anew: bool): void {
  if (anew) memory.fill(sums, 0, CELLS_MAX << 2);
  const short = i32x4.splat(<i32>((weight >> BYTES_BITS) << SHORT_BYTES_BITS) | <i32>weight);
  let sum = sums;
  for (const end = item + words; item < end; item += 8) {
    let rest = load<u64>(item);
    for (const last = sum + 256; sum < last; sum += 16) {
      const added = v128.and(short, v128.load(lanes + (<usize>(rest & 15) << 4)));
      v128.store(sum, i32x4.add(v128.load(sum), added));
      rest >>= 4;
    }
  }
}

function addShort(cell: usize, end: usize): void {
  for (let sum = sums; cell < end; cell += 32, sum += 16) {
    const short = v128.load(sum);
    addWide(cell, i64x2.extend_low_i32x4_u(short));
    addWide(cell + 16, i64x2.extend_high_i32x4_u(short));
  }
}

// @ts-ignore: decorator
@inline
function addWide(cell: usize, short: v128): void {
  const bytes = v128.and(short, i64x2.splat((1 << SHORT_BYTES_BITS) - 1));
  const packets = i64x2.shl(i64x2.shr_u(short, SHORT_BYTES_BITS), <i32>BYTES_BITS);
  v128.store(cell, i64x2.add(v128.load(cell), v128.or(bytes, packets)));
}
