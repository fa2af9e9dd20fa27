// Total orders, so that equal sizes never leave the order of a report to chance.

import { backOf, kindOf, networksOf, PORTS_MASK, portsOf } from './entries';
import { I64_MIN } from './layout';
import { rankOf } from './paths';

export const BY_BYTES: u32 = 0;
export const BY_PACKETS: u32 = 1;
export const BY_DURATION: u32 = 2;
export const BY_START: u32 = 3;

// What is sorted: conversations, endpoints, and rows of failed attempts (tcp-failed.ts) by who asked and by who
// was asked.
export const OF_CONVERSATIONS: u32 = 0;
export const OF_TALKERS: u32 = 1;
export const FAILED_BY_CLIENT: u32 = 2;
export const FAILED_BY_SERVER: u32 = 3;
export const FAILED_ROW_BYTES: usize = 64;

export let order: u32 = BY_BYTES;

export function setOrderOfRows(by: u32): void {
  order = by;
}

// @ts-ignore: decorator
@inline
function sum(reference: usize, offset: usize): u64 {
  return load<u64>((reference & ~1) + offset) + load<u64>(backOf(reference) + offset);
}

function first(reference: usize): i64 {
  return min(load<i64>(reference & ~1, 16), load<i64>(backOf(reference), 16));
}

function last(reference: usize): i64 {
  return max(load<i64>(reference & ~1, 24), load<i64>(backOf(reference), 24));
}

/** In ns; those without a time come after all others. */
function duration(reference: usize): u64 {
  return last(reference) == I64_MIN ? 0 : <u64>(last(reference) - first(reference)) + 1;
}

/** Whether conversation x stands above y in the order chosen. */
export function conversationAbove(x: usize, y: usize): bool {
  if (order == BY_DURATION) {
    if (duration(x) != duration(y)) return duration(x) > duration(y);
  } else if (order == BY_START) {
    if (first(x) != first(y)) return first(x) < first(y);
  } else if (order == BY_PACKETS) {
    if (sum(x, 0) != sum(y, 0)) return sum(x, 0) > sum(y, 0);
  }
  if (sum(x, 8) != sum(y, 8)) return sum(x, 8) > sum(y, 8);
  if (sum(x, 0) != sum(y, 0)) return sum(x, 0) > sum(y, 0);
  if (kindOf(x) != kindOf(y)) return kindOf(x) < kindOf(y);
  if ((x ^ y) & 1) return !(x & 1);
  return keyBelow(x, y);
}

/** By endpoint a, then b, each as address bytes and port; then by the networks. */
function keyBelow(x: usize, y: usize): bool {
  const px = portsOf(x) & PORTS_MASK;
  const py = portsOf(y) & PORTS_MASK;
  const ax = <u32>(px >> 24);
  const ay = <u32>(py >> 24);
  if (!(x & 1)) {
    const kx = load<u64>(x, 32);
    const ky = load<u64>(y, 32);
    if (<u32>(kx >> 32) != <u32>(ky >> 32)) return <u32>(kx >> 32) < <u32>(ky >> 32);
    if (ax != ay) return ax < ay;
    if (<u32>kx != <u32>ky) return <u32>kx < <u32>ky;
    return px != py ? px < py : rankOf(networksOf(x)) < rankOf(networksOf(y));
  }
  const ex = x & ~1;
  const ey = y & ~1;
  if (load<u64>(ex, 32) != load<u64>(ey, 32)) return load<u64>(ex, 32) < load<u64>(ey, 32);
  if (load<u64>(ex, 40) != load<u64>(ey, 40)) return load<u64>(ex, 40) < load<u64>(ey, 40);
  if (ax != ay) return ax < ay;
  if (load<u64>(ex, 48) != load<u64>(ey, 48)) return load<u64>(ex, 48) < load<u64>(ey, 48);
  if (load<u64>(ex, 56) != load<u64>(ey, 56)) return load<u64>(ex, 56) < load<u64>(ey, 56);
  return px != py ? px < py : rankOf(networksOf(x)) < rankOf(networksOf(y));
}

/**
 * Whether talker x stands above y: by packets when that is the order, else by bytes. The row is described in
 * talkers.ts.
 */
export function talkerAbove(x: usize, y: usize): bool {
  const px = load<u64>(x, 56);
  const py = load<u64>(y, 56);
  if (order == BY_PACKETS && px != py) return px > py;
  const bx = load<u64>(x, 64);
  const by = load<u64>(y, 64);
  if (bx != by) return bx > by;
  if (px != py) return px > py;
  if (load<u64>(x, 16) != load<u64>(y, 16)) return load<u64>(x, 16) < load<u64>(y, 16);
  if (load<u64>(x) != load<u64>(y)) return load<u64>(x) < load<u64>(y);
  return load<u64>(x, 8) < load<u64>(y, 8);
}

/** Levels of a key at most: what is equal in all of them is the same. */
export const KEY_LEVELS: u32 = 11;

/**
 * 64 bits of a conversation's place in the same order, the smaller the higher; those of a level matter where
 * all levels before are equal. A level that the order does not have is 0 for all.
 */
export function conversationKey(reference: usize, level: u32): u64 {
  if (level == 0) return chosenKey(reference);
  if (level == 1) return ~sum(reference, 8);
  if (level == 2) return ~sum(reference, 0);
  if (level == 10) return rankOf(networksOf(reference));
  const entry = reference & ~1;
  const ports = portsOf(reference) & PORTS_MASK;
  if (level == 3) return ((ports & 0xff) << 1) | <u64>(reference & 1);
  if (!(reference & 1)) {
    const addresses = load<u64>(entry, 32);
    if (level == 4) return (addresses & 0xffffffff00000000) | ((ports >> 24) << 16) | ((addresses >> 16) & 0xffff);
    return level == 5 ? ((addresses & 0xffff) << 16) | ((ports >> 8) & 0xffff) : 0;
  }
  if (level == 4) return load<u64>(entry, 32);
  if (level == 5) return load<u64>(entry, 40);
  if (level == 6) return ports >> 24;
  if (level == 7) return load<u64>(entry, 48);
  if (level == 8) return load<u64>(entry, 56);
  return ports;
}

function chosenKey(reference: usize): u64 {
  if (order == BY_DURATION) return ~duration(reference);
  if (order == BY_START) return <u64>first(reference) ^ 0x8000000000000000;
  return order == BY_PACKETS ? ~sum(reference, 0) : 0;
}

/** The same of a talker's row. */
export function talkerKey(row: usize, level: u32): u64 {
  if (level == 0) return order == BY_PACKETS ? ~load<u64>(row, 56) : 0;
  if (level == 1) return ~load<u64>(row, 64);
  if (level == 2) return ~load<u64>(row, 56);
  if (level == 3) return load<u64>(row, 16);
  if (level == 4) return load<u64>(row);
  return level == 5 ? load<u64>(row, 8) : 0;
}

/** The same of a row of failed attempts: its cells in their order, without the client's where it is by server. */
export function failedKey(row: usize, level: u32, by: u32): u64 {
  if (by == FAILED_BY_SERVER && level) level += 2;
  return level > 5 ? 0 : load<u64>(row + (<usize>level << 3));
}
