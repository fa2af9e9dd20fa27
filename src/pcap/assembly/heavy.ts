// Heavy keys of the sketches (sketch.ts): those that have more than half of what their bucket holds, so that
// each bit of their code word has the majority there. Of any key two bounds follow from each of its buckets,
// whatever else is in it:
//
//   at most   what agrees with the key in a bit, the least over all bits
//   at least  all, less what differs: each other key differs in CODE_DISTANCE bits or more, so the others have
//             no more than the sum of what differs over all bits, divided by this distance
//
// A key is told when it has at least half of what it has at most, in packets or in bytes.

import { reserve } from './arena';
import { code, CODE_DISTANCE, encodeAddress, encodeConversation4, encodeConversation6, longPorts } from './code-words';
import {
  ADDRESSES4,
  ADDRESSES6,
  ALL_CELL,
  BIT_CELLS,
  bitsOf,
  bucketAt,
  bucketNumber,
  bucketsOf,
  codeBit,
  CONVERSATIONS4,
  CONVERSATIONS6,
  FIRST_CELL,
  isUsed,
  ROWS,
  SECOND_CELL,
  SKETCHES,
  sumIn,
} from './sketch';
import { settleSketches } from './sketch-log';

/** Bounds of the key looked at last, in all and of its two ways at least: packets, bytes. */
export const leastAll = memory.data(16, 16);
export const mostAll = memory.data(16, 16);
export const leastFirst = memory.data(16, 16);
export const leastSecond = memory.data(16, 16);

/** What no key that is not told has more of: packets and bytes, of each sketch. */
const untold = memory.data(4 * 16, 16);

/** Code words of the keys told, as encodeConversation4() and its like leave them, by sketch. */
const tellings = memory.data(4 * 4, 16);
const tellingCounts = memory.data(4 * 4, 16);
const TELLING_BYTES: usize = 48;

const found = memory.data(48, 16);

export function beginHeavy(): void {
  memory.fill(untold, 0, 64);
  memory.fill(tellingCounts, 0, 16);
}

export function heavyCount(sketch: u32): u32 {
  return load<u32>(tellingCounts + (<usize>sketch << 2));
}

/** Makes one of the heavy keys that were found the one looked at: its code word, and its bounds. */
export function lookAt(sketch: u32, number: u32): void {
  const at = <usize>load<u32>(tellings + (<usize>sketch << 2)) + <usize>number * TELLING_BYTES;
  memory.copy(code, at, TELLING_BYTES);
  look(sketch, checkOf(sketch));
}

export function untoldMost(sketch: u32, ofBytes: bool): u64 {
  return load<u64>(untold + (<usize>sketch << 4) + (ofBytes ? 8 : 0));
}

/** Finds the heavy keys of all sketches, once the last packet is counted. */
export function findHeavy(): void {
  settleSketches();
  beginHeavy();
  for (let sketch: u32 = 0; sketch < SKETCHES; sketch++) if (isUsed(sketch)) findIn(sketch);
}

function findIn(sketch: u32): void {
  const buckets = bucketsOf(sketch);
  // Of each bucket at most one key by packets and one by bytes.
  store<u32>(tellings + (<usize>sketch << 2), <u32>reserve(<usize>(ROWS * buckets * 2) * TELLING_BYTES));
  const left = reserve(<usize>(ROWS * buckets) << 4);
  for (let number: u32 = 0; number < ROWS * buckets; number++) {
    const bucket = bucketAt(sketch, number);
    store<u64>(left + (<usize>number << 4), sumIn(bucket, ALL_CELL, false));
    store<u64>(left + (<usize>number << 4), sumIn(bucket, ALL_CELL, true), 8);
  }
  for (let number: u32 = 0; number < ROWS * buckets; number++) {
    if (decode(sketch, number, true) && !foundBefore(sketch, number, true)) tell(sketch, left);
    if (decode(sketch, number, false) && !foundBefore(sketch, number, false)) tell(sketch, left);
  }
  leastOfRows(sketch, left);
}

/**
 * In a row no untold key has more than the fullest bucket without its told ones; the row with the smaller
 * figure decides.
 */
function leastOfRows(sketch: u32, left: usize): void {
  const buckets = bucketsOf(sketch);
  for (let offset: usize = 0; offset < 16; offset += 8) {
    let least: u64 = u64.MAX_VALUE;
    for (let row: u32 = 0; row < ROWS; row++) {
      let most: u64 = 0;
      for (let i: u32 = 0; i < buckets; i++) most = max(most, load<u64>(left + (<usize>(row * buckets + i) << 4) + offset));
      least = min(least, most);
    }
    store<u64>(untold + (<usize>sketch << 4) + offset, least);
  }
}

/** Tells the key that is looked at, if its bounds are close enough. */
function tell(sketch: u32, left: usize): void {
  const check = checkOf(sketch);
  look(sketch, check);
  const packets = load<u64>(leastAll);
  const bytes = load<u64>(leastAll, 8);
  const close = (packets != 0 && packets << 1 >= load<u64>(mostAll)) || (bytes != 0 && bytes << 1 >= load<u64>(mostAll, 8));
  if (!close) return;
  const count = heavyCount(sketch);
  const at = <usize>load<u32>(tellings + (<usize>sketch << 2)) + <usize>count * TELLING_BYTES;
  memory.copy(at, code, TELLING_BYTES);
  store<u32>(tellingCounts + (<usize>sketch << 2), count + 1);
  for (let row: u32 = 0; row < ROWS; row++) {
    const cell = left + (<usize>bucketNumber(sketch, row, check) << 4);
    store<u64>(cell, load<u64>(cell) - packets);
    store<u64>(cell, load<u64>(cell, 8) - bytes, 8);
  }
}

/** Whether the key just decoded was found by packets or in the first row already; it stays the one looked at. */
function foundBefore(sketch: u32, number: u32, ofBytes: bool): bool {
  memory.copy(found, code, 48);
  const second = number >= bucketsOf(sketch);
  let before = !ofBytes && decodesToFound(sketch, number, true);
  if (!before && second) {
    const first = bucketNumber(sketch, 0, checkIn(found, sketch));
    before = decodesToFound(sketch, first, true) || decodesToFound(sketch, first, false);
  }
  memory.copy(code, found, 48);
  return before;
}

function decodesToFound(sketch: u32, number: u32, ofBytes: bool): bool {
  return decode(sketch, number, ofBytes) && memory.compare(code, found, codeBytes(sketch)) == 0;
}

function codeBytes(sketch: u32): usize {
  return <usize>((bitsOf(sketch) + 63) >> 6) << 3;
}

/** Reads the key that has the majority of a bucket; false: none has. */
function decode(sketch: u32, number: u32, ofBytes: bool): bool {
  const bucket = bucketAt(sketch, number);
  const all = sumIn(bucket, ALL_CELL, ofBytes);
  if (!all) return false;
  memory.fill(code, 0, 48);
  for (let bit: u32 = 0; bit < bitsOf(sketch); bit++) {
    const agreeing = sumIn(bucket, BIT_CELLS + bit, ofBytes);
    if (agreeing << 1 <= all) continue;
    const word = code + (<usize>(bit >> 6) << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << (bit & 63)));
  }
  const check = checkOf(sketch);
  if (encodeAgain(sketch) != check) return false;
  const buckets = bucketsOf(sketch);
  return bucketNumber(sketch, number / buckets, check) == number;
}

function checkIn(words: usize, sketch: u32): u64 {
  if (sketch == CONVERSATIONS4) return load<u64>(words, 8);
  if (sketch == CONVERSATIONS6) return load<u64>(words, 32);
  return sketch == ADDRESSES4 ? load<u64>(words) : load<u64>(words, 16);
}

function checkOf(sketch: u32): u64 {
  return checkIn(code, sketch);
}

/** The check bits that the key in the code word should have. */
function encodeAgain(sketch: u32): u64 {
  if (sketch == CONVERSATIONS4) return encodeConversation4(load<u64>(code), longPorts(load<u64>(code, 16)));
  if (sketch == ADDRESSES4) return encodeAddress(false, 0, load<u64>(code, 8));
  if (sketch == ADDRESSES6) return encodeAddress(true, load<u64>(code), load<u64>(code, 8));
  return encodeConversation6(
    load<u64>(code),
    load<u64>(code, 8),
    load<u64>(code, 16),
    load<u64>(code, 24),
    longPorts(load<u64>(code, 40)),
  );
}

/** Bounds of an address, whether or not it was found. */
export function lookAtAddress(six: bool, high: u64, low: u64): void {
  look(six ? ADDRESSES6 : ADDRESSES4, encodeAddress(six, high, low));
}

/** The closest bounds of the key in the code word, over both its buckets. */
function look(sketch: u32, check: u64): void {
  memory.fill(leastAll, 0, 16);
  memory.fill(leastFirst, 0, 16);
  memory.fill(leastSecond, 0, 16);
  memory.fill(mostAll, 0, 16);
  if (!isUsed(sketch)) return;
  store<i64>(mostAll, -1);
  store<i64>(mostAll, -1, 8);
  for (let row: u32 = 0; row < ROWS; row++) {
    const bucket = bucketAt(sketch, bucketNumber(sketch, row, check));
    boundBy(sketch, bucket, false);
    boundBy(sketch, bucket, true);
  }
}

function boundBy(sketch: u32, bucket: usize, ofBytes: bool): void {
  const offset: usize = ofBytes ? 8 : 0;
  const all = sumIn(bucket, ALL_CELL, ofBytes);
  let most = all;
  let differing: u64 = 0;
  for (let bit: u32 = 0; bit < bitsOf(sketch); bit++) {
    const set = sumIn(bucket, BIT_CELLS + bit, ofBytes);
    const agreeing = codeBit(bit) ? set : all - set;
    most = min(most, agreeing);
    differing += all - agreeing;
  }
  const others = differing / CODE_DISTANCE;
  store<u64>(mostAll + offset, min(load<u64>(mostAll + offset), most));
  raise(leastAll + offset, all, others);
  raise(leastFirst + offset, sumIn(bucket, FIRST_CELL, ofBytes), others);
  raise(leastSecond + offset, sumIn(bucket, SECOND_CELL, ofBytes), others);
}

function raise(bound: usize, all: u64, others: u64): void {
  if (all > others) store<u64>(bound, max(load<u64>(bound), all - others));
}
