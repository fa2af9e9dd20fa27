// XXH32 (xxhash_spec.md 0.1.1) with seed 0: the checksum of LZ4 frames. Four numbers run beside each other in
// scalars, because a vector's multiplication takes three times as long and each step waits for the last one.

const P1: u32 = 2654435761;
const P2: u32 = 2246822519;
const P3: u32 = 3266489917;
const P4: u32 = 668265263;
const P5: u32 = 374761393;

/** Bytes that are taken in at once; what is left at the end is taken in by `hashDigest`. */
const STRIPE: usize = 16;

let a: u32 = 0;
let b: u32 = 0;
let c: u32 = 0;
let d: u32 = 0;
let total: u64 = 0;

export function hashReset(): void {
  a = P1 + P2;
  b = P2;
  c = 0;
  d = 0 - P1;
  total = 0;
}

/**
 * Takes in whole stripes from `at` on and returns where the next one begins, at most STRIPE - 1 bytes before
 * `end`.
 */
export function hashStripes(at: usize, end: usize): usize {
  let w = a;
  let x = b;
  let y = c;
  let z = d;
  const from = at;
  for (; at + STRIPE <= end; at += STRIPE) {
    w = rotl<u32>(w + load<u32>(at) * P2, 13) * P1;
    x = rotl<u32>(x + load<u32>(at, 4) * P2, 13) * P1;
    y = rotl<u32>(y + load<u32>(at, 8) * P2, 13) * P1;
    z = rotl<u32>(z + load<u32>(at, 12) * P2, 13) * P1;
  }
  a = w;
  b = x;
  c = y;
  d = z;
  total += at - from;
  return at;
}

/** The hash of all stripes so far and of the bytes from `at` to `end`, which are less than a stripe. */
export function hashDigest(at: usize, end: usize): u32 {
  let h = total >= <u64>STRIPE ? rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18) : P5;
  h += <u32>(total + (end - at));
  for (; at + 4 <= end; at += 4) h = rotl<u32>(h + load<u32>(at) * P3, 17) * P4;
  for (; at < end; at++) h = rotl<u32>(h + load<u8>(at) * P5, 11) * P1;
  h = (h ^ (h >> 15)) * P2;
  h = (h ^ (h >> 13)) * P3;
  return h ^ (h >> 16);
}

/** The hash of the bytes from `at` to `end` alone; what hashStripes has taken in so far stays. */
export function hashOf(at: usize, end: usize): u32 {
  const w = a;
  const x = b;
  const y = c;
  const z = d;
  const before = total;
  hashReset();
  const hash = hashDigest(hashStripes(at, end), end);
  a = w;
  b = x;
  c = y;
  d = z;
  total = before;
  return hash;
}
