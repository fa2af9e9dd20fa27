// Packets that wait for their conversation's entry. With many conversations nearly every look-up misses the
// processor's caches; done together, first all slots, then all entries, then all counters, the misses
// overlap. An entry is searched for when it is touched: with an index that is 38 % full a quarter of all
// first slots have another's. The order in which packets are counted changes no result.

import { BACK4 } from './entries';
import { hash4 } from './hash';
import { countRow, PINNED_DROPPED } from './layout';
import { leave } from './leaving';
import { find4, isEntry4, keyIsPinned, likely4, noteFound4, slotOf } from './table';

/** More would push the first ones out of the nearest cache again. */
const WAITING_MAX: u32 = 64;
/** 0 key u64 | 8 ports u64 | 16 time i64 | 24 bytes u32 | 28 hash u32 | 32 back u8, timed u8 | 36 entry u32. */
const ITEM_BYTES: usize = 40;

const items = memory.data(64 * 40, 16);
let waiting: u32 = 0;
/** Keeps the touching loads alive. */
export let touched: u64 = 0;

// @ts-ignore: decorator
@inline
export function postpone4(k0: u64, k1: u64, bytes: u64, time: i64, timed: bool, back: bool): void {
  const item = items + <usize>waiting * ITEM_BYTES;
  store<u64>(item, k0);
  store<u64>(item, k1, 8);
  store<i64>(item, time, 16);
  store<u32>(item, <u32>bytes, 24);
  store<u32>(item, hash4(k0, k1), 28);
  store<u8>(item, back, 32);
  store<u8>(item, timed, 33);
  if (++waiting == WAITING_MAX) countWaiting();
}

/** Counts those that wait. Nothing may read the table before. */
export function countWaiting(): void {
  const end = items + <usize>waiting * ITEM_BYTES;
  let sum: u64 = 0;
  for (let item = items; item < end; item += ITEM_BYTES) sum += slotOf(load<u32>(item, 28));
  for (let item = items; item < end; item += ITEM_BYTES) {
    const entry = likely4(load<u32>(item, 28));
    store<u32>(item, <u32>entry, 36);
    sum += load<u64>(entry, 32) + load<u64>(entry + (load<u8>(item, 32) ? BACK4 : 0));
  }
  touched = sum;
  waiting = 0;
  for (let item = items; item < end; item += ITEM_BYTES) {
    const k0 = load<u64>(item);
    const k1 = load<u64>(item, 8);
    const bytes = <u64>load<u32>(item, 24);
    const back = load<u8>(item, 32) != 0;
    let entry = <usize>load<u32>(item, 36);
    if (!isEntry4(entry, k0, k1)) entry = find4(k0, k1, load<u32>(item, 28));
    if (entry) touch(entry + (back ? BACK4 : 0), bytes, load<i64>(item, 16), load<u8>(item, 33) != 0);
    else countDropped(false, k1, k0, 0, 0, 0, bytes, back);
  }
  if (end != items) noteFound4(load<u32>(end - ITEM_BYTES, 36), load<u64>(end - ITEM_BYTES), load<u64>(end - ITEM_BYTES, 8));
}

/** Forgets those of a scan that was given up. */
export function beginWaiting(): void {
  waiting = 0;
}

// @ts-ignore: decorator
@inline
export function touch(direction: usize, bytes: u64, time: i64, timed: bool): void {
  countRow(direction, bytes);
  if (timed) {
    if (time < load<i64>(direction, 16)) store<i64>(direction, time, 16);
    if (time > load<i64>(direction, 24)) store<i64>(direction, time, 24);
  }
}

/** A packet whose entry sampling leaves out. */
export function countDropped(
  six: bool,
  ports: u64,
  k0: u64,
  k1: u64,
  k2: u64,
  k3: u64,
  bytes: u64,
  back: bool,
): void {
  leave(six, ports, k0, k1, k2, k3, back ? 0 : 1, back ? 0 : bytes, back ? 1 : 0, back ? bytes : 0);
  if (keyIsPinned(six, ports, k0, k1, k2, k3)) countRow(PINNED_DROPPED + (back ? 16 : 0), bytes);
}
