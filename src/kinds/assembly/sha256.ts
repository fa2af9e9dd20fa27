/**
 * MINE_BITCOIN's kernel: the decimal digits of a second, hashed by SHA-256 256 times, four jobs at a time in
 * the four lanes of v128 or one job in plain 32-bit words. Both come from the same source: T is v128 or u32.
 *
 * Every round after the first hashes the 32 bytes of the last digest, so the second half of its one block
 * never changes: words 8 to 15 are 0x80000000, six zeros, and 256 (bits). What they add to the schedule and
 * to the round constants is folded in below. The digest stays in registers as eight big-endian words, which
 * is just what the next round reads; bytes are made once, at the end.
 */

/** Times that each job applies SHA-256. */
const ROUNDS: i32 = 256;
/** Jobs of one call to mine(); some 5 ms of work. */
const JOBS_MAX: i32 = 256;

/** Cube-root constants of FIPS 180-4. */
// prettier-ignore
const K = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
/** Square-root constants of FIPS 180-4: the state before the first block. */
const IV0: u32 = 0x6a09e667;
const IV1: u32 = 0xbb67ae85;
const IV2: u32 = 0x3c6ef372;
const IV3: u32 = 0xa54ff53a;
const IV4: u32 = 0x510e527f;
const IV5: u32 = 0x9b05688c;
const IV6: u32 = 0x1f83d9ab;
const IV7: u32 = 0x5be0cd19;
/** "0" to "f". */
// prettier-ignore
const HEX = memory.data<u8>([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]);

/** Seconds of each job as f64, in; digests as 64 hex digits each, out. */
const SECONDS = memory.data(256 * 8, 16);
const DIGESTS = memory.data(256 * 64, 16);
/** The first block of up to four jobs: 16 words of up to four lanes. Then the whole schedule of 64 words. */
const BLOCK = memory.data(64 * 16, 16);
/** One padded message. */
const TEXT = memory.data(64, 16);
/** Eight words of up to four lanes. */
const STATE = memory.data(8 * 16, 16);

export function seconds(): usize {
  return SECONDS;
}
export function digests(): usize {
  return DIGESTS;
}
export function jobsMax(): i32 {
  return JOBS_MAX;
}

// @ts-ignore: decorator of the AssemblyScript compiler
@inline
function splat<T>(value: u32): T {
  if (isVector<T>()) return i32x4.splat(value);
  else return value as T;
}

// @ts-ignore: decorator
@inline
function words<T>(address: usize): T {
  if (isVector<T>()) return v128.load(address);
  else return <T>load_u32(address);
}

// @ts-ignore: decorator
@inline
function load_u32(address: usize): u32 {
  return i32.load(address);
}

// @ts-ignore: decorator
@inline
function save<T>(address: usize, value: T): void {
  if (isVector<T>()) v128.store(address, value);
  else i32.store(address, value);
}

// @ts-ignore: decorator
@inline
function add<T>(a: T, b: T): T {
  if (isVector<T>()) return i32x4.add(a, b);
  else return (a + b) as T;
}

// @ts-ignore: decorator
@inline
function xor<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.xor(a, b);
  else return (a ^ b) as T;
}

// @ts-ignore: decorator
@inline
function and<T>(a: T, b: T): T {
  if (isVector<T>()) return v128.and(a, b);
  else return (a & b) as T;
}

// @ts-ignore: decorator
@inline
function shift<T>(x: T, bits: i32): T {
  if (isVector<T>()) return i32x4.shr_u(x, bits);
  else return (x >>> bits) as T;
}

// @ts-ignore: decorator
@inline
function rotate<T>(x: T, bits: i32): T {
  if (isVector<T>()) return v128.xor(i32x4.shr_u(x, bits), i32x4.shl(x, 32 - bits));
  else return rotr<u32>(x, bits) as T;
}

// @ts-ignore: decorator
@inline
function sigma0<T>(x: T): T {
  return xor<T>(xor<T>(rotate<T>(x, 7), rotate<T>(x, 18)), shift<T>(x, 3));
}

// @ts-ignore: decorator
@inline
function sigma1<T>(x: T): T {
  return xor<T>(xor<T>(rotate<T>(x, 17), rotate<T>(x, 19)), shift<T>(x, 10));
}

/** First half of a round; kw is the round's constant plus its word. */
// @ts-ignore: decorator
@inline
function t1<T>(h: T, e: T, f: T, g: T, kw: T): T {
  const choice = xor<T>(and<T>(xor<T>(f, g), e), g);
  const mixed = xor<T>(xor<T>(rotate<T>(e, 6), rotate<T>(e, 11)), rotate<T>(e, 25));
  return add<T>(add<T>(add<T>(h, kw), choice), mixed);
}

/** Second half of a round. The compiler finds a ^ b again as the next round's b ^ c. */
// @ts-ignore: decorator
@inline
function t2<T>(a: T, b: T, c: T): T {
  const majority = xor<T>(and<T>(xor<T>(a, b), xor<T>(b, c)), b);
  return add<T>(majority, xor<T>(xor<T>(rotate<T>(a, 2), rotate<T>(a, 13)), rotate<T>(a, 22)));
}

/** A round's constant plus its word. */
// @ts-ignore: decorator
@inline
function kw<T>(constants: usize, round: usize, word: T): T {
  if (isVector<T>()) return i32x4.add(v128.load32_splat(constants + (round << 2)), word);
  else return (load_u32(constants + (round << 2)) + word) as T;
}

/** A round's constant alone. */
// @ts-ignore: decorator
@inline
function k<T>(constants: usize, round: usize): T {
  if (isVector<T>()) return v128.load32_splat(constants + (round << 2));
  else return load_u32(constants + (round << 2)) as T;
}

/** The next word of the schedule. */
// @ts-ignore: decorator
@inline
function next<T>(w16: T, w15: T, w7: T, w2: T): T {
  return add<T>(add<T>(w16, sigma0<T>(w15)), add<T>(w7, sigma1<T>(w2)));
}

/** Words 8 to 15 of a block that holds a digest: the end mark, zeros and the length in bits. */
const MARK: u32 = 0x80000000;
const LENGTH: u32 = 256;
const SIGMA0_MARK: u32 = 0x11002000;
const SIGMA0_LENGTH: u32 = 0x00400022;
const SIGMA1_LENGTH: u32 = 0x00a00000;
/** The constants of rounds 8 and 15 plus those words. */
const K8_MARK: u32 = 0x5807aa98;
const K15_LENGTH: u32 = 0xc19bf274;

/** Hashes the digests in STATE `rounds` times. */
// prettier-ignore
function chain<T>(rounds: i32): void {
  const step: usize = isVector<T>() ? 16 : 4;
  let w0 = words<T>(STATE), w1 = words<T>(STATE + step), w2 = words<T>(STATE + 2 * step), w3 = words<T>(STATE + 3 * step);
  let w4 = words<T>(STATE + 4 * step), w5 = words<T>(STATE + 5 * step), w6 = words<T>(STATE + 6 * step), w7 = words<T>(STATE + 7 * step);
  const zero = splat<T>(0);
  for (let round = 0; round < rounds; round++) {
    let t: T = zero, w8: T = zero, w9: T = zero, w10: T = zero, w11: T = zero, w12: T = zero, w13: T = zero, w14: T = zero, w15: T = zero;
    let a = splat<T>(IV0), b = splat<T>(IV1), c = splat<T>(IV2), d = splat<T>(IV3);
    let e = splat<T>(IV4), f = splat<T>(IV5), g = splat<T>(IV6), h = splat<T>(IV7);
    // Rounds 0 to 15: the digest, then the constant words.
    t = t1<T>(h, e, f, g, kw<T>(K, 0, w0)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
    t = t1<T>(g, d, e, f, kw<T>(K, 1, w1)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
    t = t1<T>(f, c, d, e, kw<T>(K, 2, w2)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
    t = t1<T>(e, b, c, d, kw<T>(K, 3, w3)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
    t = t1<T>(d, a, b, c, kw<T>(K, 4, w4)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
    t = t1<T>(c, h, a, b, kw<T>(K, 5, w5)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
    t = t1<T>(b, g, h, a, kw<T>(K, 6, w6)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
    t = t1<T>(a, f, g, h, kw<T>(K, 7, w7)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
    t = t1<T>(h, e, f, g, splat<T>(K8_MARK)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
    t = t1<T>(g, d, e, f, k<T>(K, 9)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
    t = t1<T>(f, c, d, e, k<T>(K, 10)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
    t = t1<T>(e, b, c, d, k<T>(K, 11)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
    t = t1<T>(d, a, b, c, k<T>(K, 12)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
    t = t1<T>(c, h, a, b, k<T>(K, 13)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
    t = t1<T>(b, g, h, a, k<T>(K, 14)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
    t = t1<T>(a, f, g, h, splat<T>(K15_LENGTH)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
    // Rounds 16 to 31: what the constant words add to the schedule is worked out here.
    w0 = add<T>(w0, sigma0<T>(w1)); t = t1<T>(h, e, f, g, kw<T>(K, 16, w0)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
    w1 = add<T>(add<T>(w1, sigma0<T>(w2)), splat<T>(SIGMA1_LENGTH)); t = t1<T>(g, d, e, f, kw<T>(K, 17, w1)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
    w2 = add<T>(add<T>(w2, sigma0<T>(w3)), sigma1<T>(w0)); t = t1<T>(f, c, d, e, kw<T>(K, 18, w2)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
    w3 = add<T>(add<T>(w3, sigma0<T>(w4)), sigma1<T>(w1)); t = t1<T>(e, b, c, d, kw<T>(K, 19, w3)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
    w4 = add<T>(add<T>(w4, sigma0<T>(w5)), sigma1<T>(w2)); t = t1<T>(d, a, b, c, kw<T>(K, 20, w4)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
    w5 = add<T>(add<T>(w5, sigma0<T>(w6)), sigma1<T>(w3)); t = t1<T>(c, h, a, b, kw<T>(K, 21, w5)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
    w6 = add<T>(add<T>(w6, sigma0<T>(w7)), add<T>(sigma1<T>(w4), splat<T>(LENGTH))); t = t1<T>(b, g, h, a, kw<T>(K, 22, w6)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
    w7 = add<T>(add<T>(w7, splat<T>(SIGMA0_MARK)), add<T>(w0, sigma1<T>(w5))); t = t1<T>(a, f, g, h, kw<T>(K, 23, w7)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
    w8 = add<T>(add<T>(w1, sigma1<T>(w6)), splat<T>(MARK)); t = t1<T>(h, e, f, g, kw<T>(K, 24, w8)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
    w9 = add<T>(w2, sigma1<T>(w7)); t = t1<T>(g, d, e, f, kw<T>(K, 25, w9)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
    w10 = add<T>(w3, sigma1<T>(w8)); t = t1<T>(f, c, d, e, kw<T>(K, 26, w10)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
    w11 = add<T>(w4, sigma1<T>(w9)); t = t1<T>(e, b, c, d, kw<T>(K, 27, w11)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
    w12 = add<T>(w5, sigma1<T>(w10)); t = t1<T>(d, a, b, c, kw<T>(K, 28, w12)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
    w13 = add<T>(w6, sigma1<T>(w11)); t = t1<T>(c, h, a, b, kw<T>(K, 29, w13)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
    w14 = add<T>(add<T>(w7, sigma1<T>(w12)), splat<T>(SIGMA0_LENGTH)); t = t1<T>(b, g, h, a, kw<T>(K, 30, w14)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
    w15 = add<T>(add<T>(w8, sigma1<T>(w13)), add<T>(sigma0<T>(w0), splat<T>(LENGTH))); t = t1<T>(a, f, g, h, kw<T>(K, 31, w15)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
    // Rounds 32 to 63: nothing is constant any more.
    for (let i: usize = 32; i < 64; i += 16) {
      const rest: usize = K + (i << 2);
      w0 = next<T>(w0, w1, w9, w14); t = t1<T>(h, e, f, g, kw<T>(rest, 0, w0)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
      w1 = next<T>(w1, w2, w10, w15); t = t1<T>(g, d, e, f, kw<T>(rest, 1, w1)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
      w2 = next<T>(w2, w3, w11, w0); t = t1<T>(f, c, d, e, kw<T>(rest, 2, w2)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
      w3 = next<T>(w3, w4, w12, w1); t = t1<T>(e, b, c, d, kw<T>(rest, 3, w3)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
      w4 = next<T>(w4, w5, w13, w2); t = t1<T>(d, a, b, c, kw<T>(rest, 4, w4)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
      w5 = next<T>(w5, w6, w14, w3); t = t1<T>(c, h, a, b, kw<T>(rest, 5, w5)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
      w6 = next<T>(w6, w7, w15, w4); t = t1<T>(b, g, h, a, kw<T>(rest, 6, w6)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
      w7 = next<T>(w7, w8, w0, w5); t = t1<T>(a, f, g, h, kw<T>(rest, 7, w7)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
      w8 = next<T>(w8, w9, w1, w6); t = t1<T>(h, e, f, g, kw<T>(rest, 8, w8)); d = add<T>(d, t); h = add<T>(t, t2<T>(a, b, c));
      w9 = next<T>(w9, w10, w2, w7); t = t1<T>(g, d, e, f, kw<T>(rest, 9, w9)); c = add<T>(c, t); g = add<T>(t, t2<T>(h, a, b));
      w10 = next<T>(w10, w11, w3, w8); t = t1<T>(f, c, d, e, kw<T>(rest, 10, w10)); b = add<T>(b, t); f = add<T>(t, t2<T>(g, h, a));
      w11 = next<T>(w11, w12, w4, w9); t = t1<T>(e, b, c, d, kw<T>(rest, 11, w11)); a = add<T>(a, t); e = add<T>(t, t2<T>(f, g, h));
      w12 = next<T>(w12, w13, w5, w10); t = t1<T>(d, a, b, c, kw<T>(rest, 12, w12)); h = add<T>(h, t); d = add<T>(t, t2<T>(e, f, g));
      w13 = next<T>(w13, w14, w6, w11); t = t1<T>(c, h, a, b, kw<T>(rest, 13, w13)); g = add<T>(g, t); c = add<T>(t, t2<T>(d, e, f));
      w14 = next<T>(w14, w15, w7, w12); t = t1<T>(b, g, h, a, kw<T>(rest, 14, w14)); f = add<T>(f, t); b = add<T>(t, t2<T>(c, d, e));
      w15 = next<T>(w15, w0, w8, w13); t = t1<T>(a, f, g, h, kw<T>(rest, 15, w15)); e = add<T>(e, t); a = add<T>(t, t2<T>(b, c, d));
    }
    w0 = add<T>(a, splat<T>(IV0)); w1 = add<T>(b, splat<T>(IV1)); w2 = add<T>(c, splat<T>(IV2)); w3 = add<T>(d, splat<T>(IV3));
    w4 = add<T>(e, splat<T>(IV4)); w5 = add<T>(f, splat<T>(IV5)); w6 = add<T>(g, splat<T>(IV6)); w7 = add<T>(h, splat<T>(IV7));
  }
  save<T>(STATE, w0); save<T>(STATE + step, w1); save<T>(STATE + 2 * step, w2); save<T>(STATE + 3 * step, w3);
  save<T>(STATE + 4 * step, w4); save<T>(STATE + 5 * step, w5); save<T>(STATE + 6 * step, w6); save<T>(STATE + 7 * step, w7);
}

/** Hashes one block of any 16 words in BLOCK into STATE. */
function first<T>(): void {
  const step: usize = isVector<T>() ? 16 : 4;
  for (let i: usize = 16; i < 64; i++) {
    const at: usize = BLOCK + i * step;
    save<T>(
      at,
      next<T>(words<T>(at - 16 * step), words<T>(at - 15 * step), words<T>(at - 7 * step), words<T>(at - 2 * step)),
    );
  }
  let a = splat<T>(IV0);
  let b = splat<T>(IV1);
  let c = splat<T>(IV2);
  let d = splat<T>(IV3);
  let e = splat<T>(IV4);
  let f = splat<T>(IV5);
  let g = splat<T>(IV6);
  let h = splat<T>(IV7);
  for (let i: usize = 0; i < 64; i++) {
    const t = t1<T>(h, e, f, g, kw<T>(K, i, words<T>(BLOCK + i * step)));
    h = g;
    g = f;
    f = e;
    e = add<T>(d, t);
    const old = a;
    a = add<T>(t, t2<T>(a, b, c));
    d = c;
    c = b;
    b = old;
  }
  save<T>(STATE, add<T>(a, splat<T>(IV0)));
  save<T>(STATE + step, add<T>(b, splat<T>(IV1)));
  save<T>(STATE + 2 * step, add<T>(c, splat<T>(IV2)));
  save<T>(STATE + 3 * step, add<T>(d, splat<T>(IV3)));
  save<T>(STATE + 4 * step, add<T>(e, splat<T>(IV4)));
  save<T>(STATE + 5 * step, add<T>(f, splat<T>(IV5)));
  save<T>(STATE + 6 * step, add<T>(g, splat<T>(IV6)));
  save<T>(STATE + 7 * step, add<T>(h, splat<T>(IV7)));
}

/** Writes the decimal digits of a second into one lane of BLOCK, padded as SHA-256 wants it. */
function write(lane: usize, step: usize, second: u64): void {
  memory.fill(TEXT, 0, 64);
  let length = 1;
  for (let rest = second; rest >= 10; rest /= 10) length++;
  for (let i = length - 1; i >= 0; i--) {
    store<u8>(TEXT + i, 48 + <u8>(second % 10));
    second /= 10;
  }
  store<u8>(TEXT + length, 0x80);
  store<u8>(TEXT + 63, <u8>(length << 3));
  for (let i: usize = 0; i < 16; i++) i32.store(BLOCK + i * step + lane * 4, bswap<u32>(load_u32(TEXT + i * 4)));
}

/** Writes one lane of STATE as 64 hex digits. */
function read(lane: usize, step: usize, to: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    let word = load_u32(STATE + i * step + lane * 4);
    for (let j: usize = 0; j < 8; j++) {
      word = rotl<u32>(word, 4);
      store<u8>(to + i * 8 + j, load<u8>(HEX + (word & 15)));
    }
  }
}

/** Runs the jobs from..from+count-1, at most the lanes of T; lanes without a job compute what was left in them. */
function run<T>(from: usize, count: usize): void {
  const step: usize = isVector<T>() ? 16 : 4;
  for (let i: usize = 0; i < count; i++) write(i, step, <u64>load<f64>(SECONDS + (from + i) * 8));
  first<T>();
  chain<T>(ROUNDS - 1);
  for (let i: usize = 0; i < count; i++) read(i, step, DIGESTS + (from + i) * 64);
}

/**
 * Runs n jobs (at most jobsMax) on the seconds at seconds(); the answers are at digests(). A job left alone
 * runs in plain words.
 */
export function mine(n: i32): void {
  let at: usize = 0;
  const end: usize = n;
  for (; at + 4 <= end; at += 4) run<v128>(at, 4);
  if (end - at > 1) run<v128>(at, end - at);
  else if (end > at) run<u32>(at, 1);
}

/** As mine(), one job at a time: what the lanes are measured against. */
export function mineOneLane(n: i32): void {
  for (let at: usize = 0; at < <usize>n; at++) run<u32>(at, 1);
}
