// Sorts references to conversations, endpoints or failed attempts in the orders of order.ts. A comparison of two
// entries would miss the caches twice; so the first 64 bits of the order are laid beside each reference and sorted
// there, by radix, and only runs of equal ones are looked at again for the next 64 bits.

import { reserve } from './arena';
import { conversationKey, FAILED_BY_CLIENT, failedKey, KEY_LEVELS, OF_TALKERS, talkerKey } from './order';

/** A pair: key u64, reference u64. */
const PAIR_BYTES: usize = 16;
/** Pairs of one call of the loops, which V8 compiles well only when they are called often. */
const PAIRS_AT_ONCE: u32 = 4096;
const INSERTION_MAX: u32 = 32;

const counts = memory.data(256 * 4, 16);
let pairs: usize = 0;
let other: usize = 0;
let rowsOf: u32 = 0;

/**
 * Sorts so many u32 references in place, the best first.
 * @param what they are (order.ts)
 */
export function sortReferences(at: usize, count: u32, what: u32): void {
  if (!count) return;
  pairs = reserve(<usize>count * PAIR_BYTES);
  other = reserve(<usize>count * PAIR_BYTES);
  rowsOf = what;
  for (let i: u32 = 0; i < count; i++) store<u64>(pairs + <usize>i * PAIR_BYTES, <u64>load<u32>(at + (<usize>i << 2)), 8);
  sortRun(pairs, count, 0);
  for (let i: u32 = 0; i < count; i++) store<u32>(at + (<usize>i << 2), <u32>load<u64>(pairs + <usize>i * PAIR_BYTES, 8));
}

/** Sorts pairs that are equal in all levels before this one. */
function sortRun(at: usize, count: u32, level: u32): void {
  const first = keyOf(<usize>load<u64>(at, 8), level);
  let differing: u64 = 0;
  for (let i: u32 = 0; i < count; i += PAIRS_AT_ONCE)
    differing |= loadKeys(at + <usize>i * PAIR_BYTES, min(PAIRS_AT_ONCE, count - i), level, first);
  if (differing) {
    if (count <= INSERTION_MAX) insertionSort(at, count);
    else radixSort(at, count, differing);
  }
  if (level + 1 == KEY_LEVELS) return;
  let from: u32 = 0;
  for (let i: u32 = 1; i <= count; i++) {
    if (i < count && load<u64>(at + <usize>i * PAIR_BYTES) == load<u64>(at + <usize>from * PAIR_BYTES)) continue;
    if (i - from > 1) sortRun(at + <usize>from * PAIR_BYTES, i - from, level + 1);
    from = i;
  }
}

// @ts-ignore: decorator
@inline
function keyOf(reference: usize, level: u32): u64 {
  if (rowsOf >= FAILED_BY_CLIENT) return failedKey(reference, level, rowsOf);
  return rowsOf == OF_TALKERS ? talkerKey(reference, level) : conversationKey(reference, level);
}

/** Lays the keys of a level beside the references; returns the bits in which they differ from the first one. */
export function loadKeys(at: usize, count: u32, level: u32, first: u64): u64 {
  let differing: u64 = 0;
  for (const end = at + <usize>count * PAIR_BYTES; at < end; at += PAIR_BYTES) {
    const key = keyOf(<usize>load<u64>(at, 8), level);
    store<u64>(at, key);
    differing |= key ^ first;
  }
  return differing;
}

function insertionSort(at: usize, count: u32): void {
  const end = at + <usize>count * PAIR_BYTES;
  for (let next = at + PAIR_BYTES; next < end; next += PAIR_BYTES) {
    const key = load<u64>(next);
    const reference = load<u64>(next, 8);
    let to = next;
    for (; to > at && load<u64>(to - PAIR_BYTES) > key; to -= PAIR_BYTES) {
      store<u64>(to, load<u64>(to - PAIR_BYTES));
      store<u64>(to, load<u64>(to - PAIR_BYTES, 8), 8);
    }
    store<u64>(to, key);
    store<u64>(to, reference, 8);
  }
}

/** By the bytes in which keys differ, the lowest first. */
function radixSort(at: usize, count: u32, differing: u64): void {
  let from = at;
  let to = other;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    if (!((differing >> shift) & 0xff)) continue;
    memory.fill(counts, 0, 256 * 4);
    for (let i: u32 = 0; i < count; i += PAIRS_AT_ONCE)
      countDigits(from + <usize>i * PAIR_BYTES, min(PAIRS_AT_ONCE, count - i), shift);
    let place: u32 = 0;
    for (let digit: usize = 0; digit < 256; digit++) {
      const size = load<u32>(counts + (digit << 2));
      store<u32>(counts + (digit << 2), place);
      place += size;
    }
    for (let i: u32 = 0; i < count; i += PAIRS_AT_ONCE)
      scatter(from + <usize>i * PAIR_BYTES, min(PAIRS_AT_ONCE, count - i), shift, to);
    const swapped = from;
    from = to;
    to = swapped;
  }
  if (from != at) memory.copy(at, from, <usize>count * PAIR_BYTES);
}

export function countDigits(at: usize, count: u32, shift: u64): void {
  for (const end = at + <usize>count * PAIR_BYTES; at < end; at += PAIR_BYTES) {
    const cell = counts + (<usize>((load<u64>(at) >> shift) & 0xff) << 2);
    store<u32>(cell, load<u32>(cell) + 1);
  }
}

export function scatter(at: usize, count: u32, shift: u64, to: usize): void {
  for (const end = at + <usize>count * PAIR_BYTES; at < end; at += PAIR_BYTES) {
    const cell = counts + (<usize>((load<u64>(at) >> shift) & 0xff) << 2);
    const place = load<u32>(cell);
    store<u32>(cell, place + 1);
    const target = to + <usize>place * PAIR_BYTES;
    store<u64>(target, load<u64>(at));
    store<u64>(target, load<u64>(at, 8), 8);
  }
}
