// Addresses of what left the full conversation table, so that talkers are not lost with their conversations.
// Rows are those of talkers.ts, of 72 bytes. This table has a bound of its own: when it is full, only
// addresses whose hash is below a threshold stay in it, and the others are added to a sketch.

import { release, reserveReused } from './arena';
import { encodeAddress } from './code-words';
import { hashAddress, sampleAddress } from './hash';
import { ADDRESS_THRESHOLD } from './layout';
import { ADDRESSES4, ADDRESSES6 } from './sketch';
import { addToSketch } from './sketch-log';

const ROW_BYTES: usize = 72;
/** Addresses held at most: 72 MiB of rows. Fewer where fewer conversations are asked for. */
const ADDRESSES_MAX: u32 = 1 << 20;
const FIRST_ROWS: u32 = 1024;
const ALL: u64 = 1 << 32;

export let leftRows: usize = 0;
export let leftCount: u32 = 0;
let capacity: u32 = 0;
let slots: usize = 0;
let slotCount: u32 = 0;
let most: u32 = 0;

export function beginLeftAddresses(conversationsMax: u32): void {
  leftRows = 0;
  leftCount = 0;
  capacity = 0;
  slots = 0;
  slotCount = 0;
  most = min(conversationsMax, ADDRESSES_MAX);
  store<u64>(ADDRESS_THRESHOLD, ALL);
}

/** Addresses that the table holds at most. */
export function leftAddressesMax(): u32 {
  return most;
}

/** Whether an address is one of those that stay in the table. */
// @ts-ignore: decorator
@inline
export function isHeld(high: u64, low: u64, version: u64): bool {
  const threshold = load<u64>(ADDRESS_THRESHOLD);
  return threshold == ALL || <u64>sampleAddress(high, low ^ (version << 60)) < threshold;
}

/** Adds counts to an address: sent, received, and in all. */
export function leaveAddress(
  high: u64,
  low: u64,
  version: u64,
  sentPackets: u64,
  sentBytes: u64,
  receivedPackets: u64,
  receivedBytes: u64,
  packets: u64,
  bytes: u64,
): void {
  if (!isHeld(high, low, version)) {
    const six = version == 6;
    const check = encodeAddress(six, high, low);
    const sketch = six ? ADDRESSES6 : ADDRESSES4;
    addToSketch(sketch, check, packets, bytes, sentPackets, sentBytes, receivedPackets, receivedBytes);
    return;
  }
  const row = rowOf(high, low, version);
  store<u64>(row, load<u64>(row, 24) + sentPackets, 24);
  store<u64>(row, load<u64>(row, 32) + sentBytes, 32);
  store<u64>(row, load<u64>(row, 40) + receivedPackets, 40);
  store<u64>(row, load<u64>(row, 48) + receivedBytes, 48);
  store<u64>(row, load<u64>(row, 56) + packets, 56);
  store<u64>(row, load<u64>(row, 64) + bytes, 64);
  if (leftCount > most) purge();
}

/** Adds a row of another such table, or of a part of this one. */
export function leaveRow(row: usize): void {
  leaveAddress(
    load<u64>(row),
    load<u64>(row, 8),
    load<u64>(row, 16),
    load<u64>(row, 24),
    load<u64>(row, 32),
    load<u64>(row, 40),
    load<u64>(row, 48),
    load<u64>(row, 56),
    load<u64>(row, 64),
  );
}

/** Lowers the threshold to that of another table. */
export function lowerAddressThreshold(threshold: u64): void {
  if (threshold >= load<u64>(ADDRESS_THRESHOLD)) return;
  store<u64>(ADDRESS_THRESHOLD, threshold);
  sift();
}

function rowOf(high: u64, low: u64, version: u64): usize {
  if (leftCount == capacity) grow();
  const mask = slotCount - 1;
  let i = hashAddress(high, low ^ (version << 60)) & mask;
  while (true) {
    const number = load<u32>(slots + (<usize>i << 2));
    if (!number) break;
    const row = leftRows + <usize>(number - 1) * ROW_BYTES;
    if (load<u64>(row, 8) == low && load<u64>(row) == high && load<u64>(row, 16) == version) return row;
    i = (i + 1) & mask;
  }
  const row = leftRows + <usize>leftCount * ROW_BYTES;
  leftCount++;
  store<u32>(slots + (<usize>i << 2), leftCount);
  memory.fill(row, 0, ROW_BYTES);
  store<u64>(row, high);
  store<u64>(row, low, 8);
  store<u64>(row, version, 16);
  return row;
}

/** Twice the rows, and an index of about twice as many slots. */
function grow(): void {
  const old = leftRows;
  const oldBytes = <usize>capacity * ROW_BYTES;
  // One more than stay, so that a row can come in before it is known which ones must go.
  const wanted = capacity ? capacity << 1 : FIRST_ROWS;
  capacity = wanted >= most ? most + 1 : wanted;
  leftRows = reserveReused(<usize>capacity * ROW_BYTES);
  if (old) {
    memory.copy(leftRows, old, oldBytes);
    release(old, oldBytes);
    release(slots, <usize>slotCount << 2);
  }
  slotCount = slotCount ? slotCount << 1 : FIRST_ROWS << 1;
  slots = reserveReused(<usize>slotCount << 2);
  indexAll();
}

function indexAll(): void {
  memory.fill(slots, 0, <usize>slotCount << 2);
  const mask = slotCount - 1;
  for (let number: u32 = 0; number < leftCount; number++) {
    const row = leftRows + <usize>number * ROW_BYTES;
    let i = hashAddress(load<u64>(row), load<u64>(row, 8) ^ (load<u64>(row, 16) << 60)) & mask;
    while (load<u32>(slots + (<usize>i << 2))) i = (i + 1) & mask;
    store<u32>(slots + (<usize>i << 2), number + 1);
  }
}

function purge(): void {
  while (leftCount > most) {
    store<u64>(ADDRESS_THRESHOLD, load<u64>(ADDRESS_THRESHOLD) >> 1);
    sift();
  }
}

/** Moves the addresses that are not held any more to the sketch. */
function sift(): void {
  let kept: u32 = 0;
  for (let number: u32 = 0; number < leftCount; number++) {
    const row = leftRows + <usize>number * ROW_BYTES;
    if (!isHeld(load<u64>(row), load<u64>(row, 8), load<u64>(row, 16))) {
      leaveRow(row);
      continue;
    }
    const to = leftRows + <usize>kept * ROW_BYTES;
    if (to != row) memory.copy(to, row, ROW_BYTES);
    kept++;
  }
  leftCount = kept;
  if (slots) indexAll();
}

export function leftRowAt(number: u32): usize {
  return leftRows + <usize>number * ROW_BYTES;
}
