// Endpoints by traffic, made from the conversation table at the end: a second table by address, in as many
// passes over parts of the hash range as keep it small. A row is 72 bytes:
//
//   0 address high u64 | 8 address low u64 | 16 IP version u64 | 24 packets, 32 bytes sent |
//   40 packets, 48 bytes received | 56 packets, 64 bytes in all: less than the sum where an address talks to itself

import { bytesLeft, reserve } from './arena';
import { backOf } from './entries';
import { hashAddress } from './hash';
import { beginHeap, heapCount, offer, sortHeap, wouldKeep } from './heap';
import { OF_TALKERS } from './order';
import { sortReferences } from './sort';

export const ROW_BYTES: usize = 72;
/** Addresses of one pass: 72 MiB of rows. */
const ROWS_MAX: u32 = 1 << 20;
/** Index of the addresses of a pass at its start: it is as small as the addresses are few, and stays in the caches. */
const SLOT_BITS: u32 = 14;
/** A list of more endpoints is sorted from all of them, which must then be had at once, up to twice as many. */
const LIST_LONG: u32 = 65536;

export let talkersTotal: u64 = 0;
/** Where the references of the best rows are, and how many. */
export let bestTalkers: usize = 0;
export let bestTalkersCount: u32 = 0;
/** The last pass has met more addresses than there are rows. */
export let rowsFull: bool = false;

let most: u32 = 0;
let rows: usize = 0;
let rowsMax: u32 = 0;
let rowCount: u32 = 0;
let slots: usize = 0;
let slotBits: u32 = 0;
let passBits: u32 = 0;
let pass: u32 = 0;
// The rows of the last conversation's ends: those that began together often share one, or both.
let lastA: usize = 0;
let lastB: usize = 0;
// Best rows of the passes before are copied out.
let spare: usize = 0;
let nextCopy: usize = 0;

/** Makes room for ranking at most so many endpoints. */
export function beginTalkers(endpoints: u32, wanted: u32): void {
  most = wanted;
  const roomy = wanted > LIST_LONG ? wanted << 1 : ROWS_MAX;
  // What is over half of the memory left is needed for sorting and for the index of the rows.
  const fitting = <u32>(bytesLeft() / (ROW_BYTES << 1));
  rowsMax = min<u32>(min<u32>(max<u32>(ROWS_MAX, roomy), fitting), max<u32>(endpoints, 16));
  rows = reserve(<usize>rowsMax * ROW_BYTES);
  slots = reserve(<usize>4 << max<u32>(SLOT_BITS, 33 - clz<u32>(rowsMax)));
  passBits = 0;
  pass = 0;
  talkersTotal = 0;
  bestTalkersCount = 0;
}

/** Begins a walk: the addresses whose hash has this pass's upper bits. */
export function beginPass(): void {
  rowsFull = false;
  slotBits = SLOT_BITS;
  memory.fill(slots, 0, <usize>4 << slotBits);
  rowCount = 0;
  lastA = 0;
  lastB = 0;
}

/** The addresses were too many: the passes begin again, twice as many. */
export function morePasses(): void {
  if (!passBits++) beginCopies();
  pass = 0;
  talkersTotal = 0;
  spare = copies;
  nextCopy = copies;
  beginHeap(bestTalkers, most, true);
}

let copies: usize = 0;

function beginCopies(): void {
  bestTalkers = reserve(<usize>most << 2);
  // One more than are kept, so that a row can be copied in before its loser is known.
  copies = reserve((<usize>most + 1) * ROW_BYTES);
}

/** Takes the rows of a pass; true: there is another pass. */
export function takeRows(): bool {
  talkersTotal += <u64>rowCount;
  if (!passBits) return false;
  for (let i: u32 = 0; i < rowCount; i++) {
    const row = rows + <usize>i * ROW_BYTES;
    if (!wouldKeep(<u32>row)) continue;
    memory.copy(spare, row, ROW_BYTES);
    const out = offer(<u32>spare);
    if (out) spare = <usize>out;
    else {
      nextCopy += ROW_BYTES;
      spare = nextCopy;
    }
  }
  pass++;
  return pass >> passBits == 0;
}

/** Sorts what the passes have given. */
export function finishTalkers(): void {
  if (passBits) {
    sortHeap();
    bestTalkersCount = heapCount;
    return;
  }
  bestTalkersCount = min(rowCount, most);
  if (bestTalkersCount << 3 >= rowCount) {
    bestTalkers = reserve(<usize>rowCount << 2);
    for (let i: u32 = 0; i < rowCount; i++) store<u32>(bestTalkers + (<usize>i << 2), <u32>(rows + <usize>i * ROW_BYTES));
    sortReferences(bestTalkers, rowCount, OF_TALKERS);
    return;
  }
  bestTalkers = reserve(<usize>most << 2);
  beginHeap(bestTalkers, most, true);
  for (let i: u32 = 0; i < rowCount; i += ROWS_AT_ONCE) offerRows(i, min(i + ROWS_AT_ONCE, rowCount));
  sortHeap();
}

const ROWS_AT_ONCE: u32 = 1024;

/** Exported and called often for the reason that rankBlock is. */
export function offerRows(from: u32, to: u32): void {
  for (let i = from; i < to; i++) offer(<u32>(rows + <usize>i * ROW_BYTES));
}

/** Counts an entry for both its ends; false: there are more addresses than rows. */
// @ts-ignore: decorator
@inline
export function countEnds(reference: usize): bool {
  const entry = reference & ~1;
  const back = backOf(reference);
  let a0: u64 = 0;
  let a1: u64 = 0;
  let b0: u64 = 0;
  let b1: u64 = 0;
  if (reference & 1) {
    a0 = load<u64>(entry, 32);
    a1 = load<u64>(entry, 40);
    b0 = load<u64>(entry, 48);
    b1 = load<u64>(entry, 56);
  } else {
    a1 = load<u64>(entry, 32) >> 32;
    b1 = load<u64>(entry, 32) & 0xffffffff;
  }
  const version: u64 = reference & 1 ? 6 : 4;
  const self = a0 == b0 && a1 == b1;
  if (isRowOf(lastA, a0, a1, version)) addTo(lastA, entry, back, true);
  else if (!count(a0, a1, version, entry, back, true)) return false;
  else lastA = counted;
  if (isRowOf(lastB, b0, b1, version)) addTo(lastB, back, entry, !self);
  else if (!count(b0, b1, version, back, entry, !self)) return false;
  else lastB = counted;
  return true;
}

// @ts-ignore: decorator
@inline
function isRowOf(row: usize, high: u64, low: u64, version: u64): bool {
  return row != 0 && load<u64>(row, 8) == low && load<u64>(row) == high && load<u64>(row, 16) == version;
}

/** The row of the address counted last; 0: it has its turn in another pass. */
let counted: usize = 0;

/** False: there are more addresses than rows. */
// @ts-ignore: decorator
@inline
function count(high: u64, low: u64, version: u64, sent: usize, received: usize, whole: bool): bool {
  if (!findRow(high, low, version)) return false;
  if (counted) addTo(counted, sent, received, whole);
  return true;
}

/** Adds a row of the same layout, counted elsewhere; false: there are more addresses than rows. */
export function countRowOf(other: usize): bool {
  if (!findRow(load<u64>(other), load<u64>(other, 8), load<u64>(other, 16))) return false;
  if (counted)
    for (let at: usize = 24; at < ROW_BYTES; at += 8)
      store<u64>(counted + at, load<u64>(counted + at) + load<u64>(other + at));
  return true;
}

/** Finds or makes the row of an address; false: there are more addresses than rows. */
function findRow(high: u64, low: u64, version: u64): bool {
  counted = 0;
  const hash = hashAddress(high, low ^ (version << 60));
  if (passBits && hash >> (32 - passBits) != pass) return true;
  const mask: u32 = (1 << slotBits) - 1;
  let i = hash & mask;
  while (true) {
    const number = load<u32>(slots + (<usize>i << 2));
    if (!number) break;
    const row = rows + <usize>(number - 1) * ROW_BYTES;
    if (isRowOf(row, high, low, version)) {
      counted = row;
      return true;
    }
    i = (i + 1) & mask;
  }
  if (rowCount == rowsMax) {
    rowsFull = true;
    return false;
  }
  if (rowCount >> (slotBits - 1)) {
    growSlots();
    return findRow(high, low, version);
  }
  const row = rows + <usize>rowCount * ROW_BYTES;
  rowCount++;
  counted = row;
  store<u32>(slots + (<usize>i << 2), rowCount);
  memory.fill(row, 0, ROW_BYTES);
  store<u64>(row, high);
  store<u64>(row, low, 8);
  store<u64>(row, version, 16);
  return true;
}

function growSlots(): void {
  slotBits++;
  memory.fill(slots, 0, <usize>4 << slotBits);
  for (let i: u32 = 0; i < rowCount; i += ROWS_AT_ONCE) indexRows(i, min(i + ROWS_AT_ONCE, rowCount));
}

export function indexRows(from: u32, to: u32): void {
  const mask: u32 = (1 << slotBits) - 1;
  for (let number = from; number < to; number++) {
    const row = rows + <usize>number * ROW_BYTES;
    let i = hashAddress(load<u64>(row), load<u64>(row, 8) ^ (load<u64>(row, 16) << 60)) & mask;
    while (load<u32>(slots + (<usize>i << 2))) i = (i + 1) & mask;
    store<u32>(slots + (<usize>i << 2), number + 1);
  }
}

/** Adds a conversation to one of its ends; its second end counts nothing more when both are the same address. */
function addTo(row: usize, sent: usize, received: usize, whole: bool): void {
  store<u64>(row, load<u64>(row, 24) + load<u64>(sent), 24);
  store<u64>(row, load<u64>(row, 32) + load<u64>(sent, 8), 32);
  store<u64>(row, load<u64>(row, 40) + load<u64>(received), 40);
  store<u64>(row, load<u64>(row, 48) + load<u64>(received, 8), 48);
  if (!whole) return;
  store<u64>(row, load<u64>(row, 56) + load<u64>(sent) + load<u64>(received), 56);
  store<u64>(row, load<u64>(row, 64) + load<u64>(sent, 8) + load<u64>(received, 8), 64);
}
