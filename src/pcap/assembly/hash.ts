// Two hashes of a key. The table's is seeded, so that nobody can prepare flows that collide; sampling's is not, because
// which conversations are kept must depend on their keys alone.

import { PORTS_MASK } from './entries';

const C1: u64 = 0x9e3779b97f4a7c15;
const C2: u64 = 0xbf58476d1ce4e5b9;
const C3: u64 = 0x94d049bb133111eb;

let seed0: u64 = 0x243f6a8885a308d3;
let seed1: u64 = 0x13198a2e03707344;

export function setSeed(seed: u32): void {
  seed0 = (0x243f6a8885a308d3 ^ (<u64>seed * C2)) * C3;
  seed1 = (0x13198a2e03707344 + <u64>seed) * C1;
  seed0 ^= seed0 >> 31;
  seed1 ^= seed1 >> 29;
}

// @ts-ignore: decorator
@inline
function mix4(k0: u64, k1: u64, s0: u64, s1: u64): u32 {
  let h = (k0 ^ s0) * C1;
  h = (h ^ (h >> 32) ^ k1 ^ s1) * C2;
  h = (h ^ (h >> 29)) * C3;
  return <u32>(h >> 32);
}

// @ts-ignore: decorator
@inline
function mix6(a0: u64, a1: u64, b0: u64, b1: u64, k1: u64, s0: u64, s1: u64): u32 {
  let h = (a0 ^ s0) * C1;
  h = (h ^ (h >> 32) ^ a1 ^ s1) * C2;
  h = (h ^ (h >> 29) ^ b0) * C3;
  h = (h ^ (h >> 32) ^ b1 ^ s0) * C1;
  h = (h ^ (h >> 32) ^ k1) * C2;
  h = (h ^ (h >> 29)) * C3;
  return <u32>(h >> 32);
}

// @ts-ignore: decorator
@inline
export function hash4(k0: u64, k1: u64): u32 {
  return mix4(k0, k1, seed0, seed1);
}

// @ts-ignore: decorator
@inline
export function hash6(a0: u64, a1: u64, b0: u64, b1: u64, k1: u64): u32 {
  return mix6(a0, a1, b0, b1, k1, seed0, seed1);
}

/** The number of a conversation's networks is of this scan alone, so it has no part in sampling. */
export function sample4(k0: u64, k1: u64): u32 {
  return mix4(k0, k1 & PORTS_MASK, C2, C3);
}

export function sample6(a0: u64, a1: u64, b0: u64, b1: u64, k1: u64): u32 {
  return mix6(a0, a1, b0, b1, k1 & PORTS_MASK, C2, C3);
}

/** Of some words, for the paths' own table. */
export function hashWords(at: usize, count: u32): u32 {
  let h = seed0;
  for (const end = at + (<usize>count << 3); at < end; at += 8) {
    h = (h ^ load<u64>(at)) * C1;
    h ^= h >> 32;
  }
  return <u32>(((h ^ seed1) * C2) >> 32);
}

export function sampleAddress(high: u64, low: u64): u32 {
  return mix4(high, low, C2, C3);
}

/** Of an address, for the endpoints' own table. */
export function hashAddress(high: u64, low: u64): u32 {
  return mix4(high, low, seed0, seed1);
}
