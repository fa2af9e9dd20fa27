// The conversation table: an index of 8-byte slots (reference to an entry, 32 bits of hash), open addressing
// by the hash's top bits. So a walk over the index meets the entries in the order of their hashes, whatever
// the size: exported tables are sorted, and merging two of them goes through the index from one end to the
// other.

import { release, reserve, reserveReused, reserveWritten } from './arena';
import { backOf, beginEntries, freeEntry, KIND_PAIR, kindOf, newEntry4, newEntry6, PORTS4, PORTS6, portsOf } from './entries';
import { hash4, hash6, sample4, sample6 } from './hash';
import { add, KEPT, PINNED_DROPPED, THRESHOLDS } from './layout';
import { leave } from './leaving';
import { freeBlockOf } from './tcp-state';

const FIRST_BITS: u32 = 14;
const ALL: u64 = 1 << 32;

export let index: usize = 0;
export let indexSlots: u32 = 0;
let shift: u32 = 0;
let used: u32 = 0;
let usedMax: u32 = 0;
let keptMax: u64 = 0;

// The last entry found: most packets follow one of their own conversation.
let last4: usize = 0;
let last40: u64 = 0;
let last41: u64 = 0;

let pinnedSix: bool = false;
let pinnedPorts: u64 = 0;
let pinned0: u64 = 0;
let pinned1: u64 = 0;
let pinned2: u64 = 0;
let pinned3: u64 = 0;

export function beginTable(max: u32): void {
  beginEntries();
  keptMax = <u64>max;
  used = 0;
  last4 = 0;
  pinnedPorts = 0;
  store<u64>(THRESHOLDS, ALL);
  store<u64>(THRESHOLDS, ALL, 8);
  useIndex(reserve(<usize>8 << FIRST_BITS), FIRST_BITS);
}

/** The connection whose packets are counted exactly though sampling may drop its entry; a key in canonical order. */
export function pin(six: bool, ports: u64, k0: u64, k1: u64, k2: u64, k3: u64): void {
  pinnedSix = six;
  pinnedPorts = ports;
  pinned0 = k0;
  pinned1 = k1;
  pinned2 = k2;
  pinned3 = k3;
}

export function isPinned(reference: usize): bool {
  if (!pinnedPorts || portsDiffer(reference)) return false;
  const entry = reference & ~1;
  if (load<u64>(entry, 32) != pinned0) return false;
  if (!pinnedSix) return true;
  return load<u64>(entry, 40) == pinned1 && load<u64>(entry, 48) == pinned2 && load<u64>(entry, 56) == pinned3;
}

function portsDiffer(reference: usize): bool {
  if (<bool>(reference & 1) != pinnedSix) return true;
  const entry = reference & ~1;
  return (pinnedSix ? load<u64>(entry, PORTS6) : load<u64>(entry, PORTS4)) != pinnedPorts;
}

function useIndex(at: usize, bits: u32): void {
  index = at;
  indexSlots = 1 << bits;
  shift = 32 - bits;
  usedMax = (indexSlots >> 3) * 5;
}

// @ts-ignore: decorator
@inline
function put(hash: u32, reference: usize): void {
  let i = hash >> shift;
  while (load<u32>(index + (<usize>i << 3))) i = (i + 1) & (indexSlots - 1);
  store<u64>(index + (<usize>i << 3), (<u64>hash << 32) | <u64>reference);
}

function grow(): void {
  const old = index;
  const oldSlots = indexSlots;
  const bits = 33 - shift;
  useIndex(reserveWritten(<usize>8 << bits), bits);
  for (let i: u32 = 0; i < oldSlots; i++) {
    const slot = load<u64>(old + (<usize>i << 3));
    if (slot) put(<u32>(slot >> 32), <usize>(<u32>slot));
  }
  release(old, <usize>oldSlots << 3);
}

/**
 * Grows the index for so many more entries at once. Entries that come sorted by hash must find this room: in
 * an index that grows while they come they would all lie at its front, and each would be a walk over those
 * before it.
 */
export function makeRoom(entries: u32): void {
  const most = min<u64>(<u64>used + <u64>entries, 2 * keptMax);
  while (<u64>usedMax < most) grow();
}

export function sampleOf(reference: usize): u32 {
  const entry = reference & ~1;
  if (!(reference & 1)) return sample4(load<u64>(entry, 32), load<u64>(entry, PORTS4));
  return sample6(
    load<u64>(entry, 32),
    load<u64>(entry, 40),
    load<u64>(entry, 48),
    load<u64>(entry, 56),
    load<u64>(entry, PORTS6),
  );
}

// @ts-ignore: decorator
@inline
function classOf(kind: u32): usize {
  return kind == KIND_PAIR ? 1 : 0;
}

/** Takes the counts of an entry that is left out of the table. */
export function drop(reference: usize): void {
  const entry = reference & ~1;
  const back = backOf(reference);
  const six = (reference & 1) != 0;
  leave(
    six,
    portsOf(reference),
    load<u64>(entry, 32),
    six ? load<u64>(entry, 40) : 0,
    six ? load<u64>(entry, 48) : 0,
    six ? load<u64>(entry, 56) : 0,
    load<u64>(entry),
    load<u64>(entry, 8),
    load<u64>(back),
    load<u64>(back, 8),
  );
  if (!isPinned(reference)) return;
  add(PINNED_DROPPED, load<u64>(entry));
  add(PINNED_DROPPED + 8, load<u64>(entry, 8));
  add(PINNED_DROPPED + 16, load<u64>(back));
  add(PINNED_DROPPED + 24, load<u64>(back, 8));
}

/** Drops every entry whose sample hash is not below its class's threshold. */
function purge(): void {
  const old = index;
  const bytes = <usize>indexSlots << 3;
  index = reserveReused(bytes);
  memory.fill(index, 0, bytes);
  last4 = 0;
  for (let i: usize = 0; i < bytes; i += 8) {
    const slot = load<u64>(old + i);
    if (!slot) continue;
    const reference = <usize>(<u32>slot);
    const group = classOf(kindOf(reference));
    if (<u64>sampleOf(reference) < load<u64>(THRESHOLDS + (group << 3))) put(<u32>(slot >> 32), reference);
    else {
      drop(reference);
      freeBlockOf(reference);
      freeEntry(reference);
      used--;
      add(KEPT + (group << 3), -1);
    }
  }
  release(old, bytes);
}

/** Lowers a class's threshold to that of another table. */
export function lowerThreshold(group: usize, threshold: u64): void {
  if (threshold >= load<u64>(THRESHOLDS + (group << 3))) return;
  store<u64>(THRESHOLDS + (group << 3), threshold);
  purge();
}

/** Counts a new entry; true: the class was full, and entries were dropped, perhaps this one. */
function entered(group: usize): bool {
  used++;
  const cell = KEPT + (group << 3);
  add(cell, 1);
  if (load<u64>(cell) <= keptMax) return false;
  while (load<u64>(cell) > keptMax) {
    store<u64>(THRESHOLDS + (group << 3), load<u64>(THRESHOLDS + (group << 3)) >> 1);
    purge();
  }
  return true;
}

/** The entry of the last IPv4 key looked up when this is it again; 0: it is another. */
// @ts-ignore: decorator
@inline
export function lastFound4(k0: u64, k1: u64): usize {
  return k0 == last40 && k1 == last41 ? last4 : 0;
}

/** The slot at which the search for a hash begins. */
// @ts-ignore: decorator
@inline
export function slotOf(hash: u32): u64 {
  return load<u64>(index + (<usize>(hash >> shift) << 3));
}

/**
 * The first IPv4 entry whose key may have a hash; 0: there is none. Others may have the same hash, so the key
 * is to be compared.
 */
// @ts-ignore: decorator
@inline
export function likely4(hash: u32): usize {
  let i = hash >> shift;
  while (true) {
    const slot = load<u64>(index + (<usize>i << 3));
    if (<u32>(slot >> 32) == hash || !slot) return slot & 1 ? 0 : <usize>(<u32>slot);
    i = (i + 1) & (indexSlots - 1);
  }
}

/**
 * Whether an IPv4 entry that was looked up before is that of a key: entries may have left the table
 * meanwhile. 0 is not: all bytes there stay 0, and no key has the kind 0.
 */
// @ts-ignore: decorator
@inline
export function isEntry4(entry: usize, k0: u64, k1: u64): bool {
  return load<u64>(entry, 32) == k0 && load<u64>(entry, PORTS4) == k1;
}

/** Notes the entry that was counted last, as find4 does, unless it has left the table. */
export function noteFound4(entry: usize, k0: u64, k1: u64): void {
  if (!isEntry4(entry, k0, k1)) return;
  last4 = entry;
  last40 = k0;
  last41 = k1;
}

/** The reference of a key's entry, made when it is new; 0: sampling leaves it out. */
export function find4(k0: u64, k1: u64, hash: u32): usize {
  let i = hash >> shift;
  const mask = indexSlots - 1;
  while (true) {
    const slot = load<u64>(index + (<usize>i << 3));
    const entry = <usize>(<u32>slot);
    if (!entry) return insert4(k0, k1, hash, i);
    if (<u32>(slot >> 32) == hash && !(entry & 1) && load<u64>(entry, 32) == k0 && load<u64>(entry, PORTS4) == k1) {
      last4 = entry;
      last40 = k0;
      last41 = k1;
      return entry;
    }
    i = (i + 1) & mask;
  }
}

/** Takes a new key in; `i` is the free slot at which the search for it ended. */
function insert4(k0: u64, k1: u64, hash: u32, i: u32): usize {
  const group = classOf(<u32>k1 & 0xff);
  const threshold = load<u64>(THRESHOLDS + (group << 3));
  if (threshold < ALL && <u64>sample4(k0, k1) >= threshold) return 0;
  const entry = newEntry4();
  store<u64>(entry, k0, 32);
  store<u64>(entry, k1, PORTS4);
  if (used < usedMax) store<u64>(index + (<usize>i << 3), (<u64>hash << 32) | <u64>entry);
  else {
    grow();
    put(hash, entry);
  }
  if (entered(group) && <u64>sample4(k0, k1) >= load<u64>(THRESHOLDS + (group << 3))) return 0;
  last4 = entry;
  last40 = k0;
  last41 = k1;
  return entry;
}

export function find6(a0: u64, a1: u64, b0: u64, b1: u64, k1: u64): usize {
  const hash = hash6(a0, a1, b0, b1, k1);
  let i = hash >> shift;
  const mask = indexSlots - 1;
  while (true) {
    const slot = load<u64>(index + (<usize>i << 3));
    if (!<u32>slot) return insert6(a0, a1, b0, b1, k1, hash, i);
    if (<u32>(slot >> 32) == hash && slot & 1) {
      const entry = <usize>(<u32>slot) & ~1;
      if (
        load<u64>(entry, 32) == a0 &&
        load<u64>(entry, 40) == a1 &&
        load<u64>(entry, 48) == b0 &&
        load<u64>(entry, 56) == b1 &&
        load<u64>(entry, PORTS6) == k1
      )
        return entry | 1;
    }
    i = (i + 1) & mask;
  }
}

function insert6(a0: u64, a1: u64, b0: u64, b1: u64, k1: u64, hash: u32, i: u32): usize {
  const group = classOf(<u32>k1 & 0xff);
  const threshold = load<u64>(THRESHOLDS + (group << 3));
  if (threshold < ALL && <u64>sample6(a0, a1, b0, b1, k1) >= threshold) return 0;
  const entry = newEntry6();
  store<u64>(entry, a0, 32);
  store<u64>(entry, a1, 40);
  store<u64>(entry, b0, 48);
  store<u64>(entry, b1, 56);
  store<u64>(entry, k1, PORTS6);
  if (used < usedMax) store<u64>(index + (<usize>i << 3), (<u64>hash << 32) | <u64>entry | 1);
  else {
    grow();
    put(hash, entry | 1);
  }
  if (entered(group) && <u64>sample6(a0, a1, b0, b1, k1) >= load<u64>(THRESHOLDS + (group << 3))) return 0;
  return entry | 1;
}

/** The reference of a key's entry; 0: there is none. An IPv4 key has both addresses in its first word. */
export function seek(six: bool, ports: u64, k0: u64, k1: u64, k2: u64, k3: u64): usize {
  const hash = six ? hash6(k0, k1, k2, k3, ports) : hash4(k0, ports);
  let i = hash >> shift;
  while (true) {
    const slot = load<u64>(index + (<usize>i << 3));
    if (!<u32>slot) return 0;
    i = (i + 1) & (indexSlots - 1);
    if (<u32>(slot >> 32) != hash || <bool>(slot & 1) != six) continue;
    const entry = <usize>(<u32>slot) & ~1;
    if (load<u64>(entry, 32) != k0 || load<u64>(entry + (six ? PORTS6 : PORTS4)) != ports) continue;
    if (!six) return entry;
    if (load<u64>(entry, 40) == k1 && load<u64>(entry, 48) == k2 && load<u64>(entry, 56) == k3) return entry | 1;
  }
}

/** Whether a key is the pinned connection's. */
export function keyIsPinned(six: bool, ports: u64, k0: u64, k1: u64, k2: u64, k3: u64): bool {
  if (ports != pinnedPorts || six != pinnedSix || k0 != pinned0) return false;
  return !six || (k1 == pinned1 && k2 == pinned2 && k3 == pinned3);
}
