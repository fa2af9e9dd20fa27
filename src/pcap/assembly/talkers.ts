// Endpoints by traffic, made from the conversation table at the end: a second table by address, in as many passes over parts
// of the hash range as keep it small. A row is 72 bytes:
//
//   0 address high u64 | 8 address low u64 | 16 IP version u64 | 24 packets, 32 bytes sent | 40 packets, 48 bytes received
//   56 packets, 64 bytes in all: less than the sum where an address talks to itself

import { reserve } from './arena';
import { backOf, firstEntry, nextEntry } from './entries';
import { hashAddress } from './hash';
import { beginHeap, offer, sortHeap, wouldKeep } from './heap';

const ROW_BYTES: usize = 72;
/** Addresses of one pass: 72 MiB of rows. */
const ROWS_MAX: u32 = 1 << 20;

export let talkersTotal: u64 = 0;

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

/** Ranks the endpoints of a table with so many entries. Returns where the references to the best rows are. */
export function rankTalkers(entries: u32, most: u32): usize {
  rowsMax = min<u32>(ROWS_MAX, max<u32>(entries, 8) << 1);
  slotBits = 32 - clz<u32>(rowsMax);
  rows = reserve(<usize>rowsMax * ROW_BYTES);
  slots = reserve(<usize>4 << slotBits);
  const heap = reserve(<usize>most << 2);
  // One more than are kept, so that a row can be copied in before its loser is known.
  const copies = reserve((<usize>most + 1) * ROW_BYTES);
  passBits = 0;
  while (!rankIn(heap, copies, most)) passBits++;
  sortHeap();
  return heap;
}

/** All passes with the present number of them; false: a pass had more addresses than rows. */
function rankIn(heap: usize, copies: usize, most: u32): bool {
  beginHeap(heap, most, true);
  talkersTotal = 0;
  let spare = copies;
  let nextCopy = copies;
  for (pass = 0; pass >> passBits == 0; pass++) {
    memory.fill(slots, 0, <usize>4 << slotBits);
    rowCount = 0;
    if (!collect()) return false;
    talkersTotal += <u64>rowCount;
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
  }
  return true;
}

function collect(): bool {
  lastA = 0;
  lastB = 0;
  firstEntry();
  while (true) {
    const reference = nextEntry();
    if (!reference) return true;
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
  }
}

// @ts-ignore: decorator
@inline
function isRowOf(row: usize, high: u64, low: u64, version: u64): bool {
  return row != 0 && load<u64>(row, 8) == low && load<u64>(row) == high && load<u64>(row, 16) == version;
}

/** The row of the address counted last; 0: it has its turn in another pass. */
let counted: usize = 0;

/** False: there are more addresses than rows. */
function count(high: u64, low: u64, version: u64, sent: usize, received: usize, whole: bool): bool {
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
      addTo(row, sent, received, whole);
      return true;
    }
    i = (i + 1) & mask;
  }
  if (rowCount == rowsMax) return false;
  const row = rows + <usize>rowCount * ROW_BYTES;
  rowCount++;
  counted = row;
  store<u32>(slots + (<usize>i << 2), rowCount);
  memory.fill(row, 0, ROW_BYTES);
  store<u64>(row, high);
  store<u64>(row, low, 8);
  store<u64>(row, version, 16);
  addTo(row, sent, received, whole);
  return true;
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
