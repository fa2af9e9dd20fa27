// A key that left the table, as a code word: its own bits, then 64 check bits. Code words of two different
// keys differ in at least CODE_DISTANCE bits, which is what bounds the errors of the sketch (sketch.ts).
//
// The check bits are the remainder of a division of polynomials, as a CRC: the divisor is that of the BCH
// code of length 511 with the roots a^0 to a^14, where a is a root of x^9 + x^4 + 1. Fifteen roots in a row
// give a distance of 16 (Bose and Ray-Chaudhuri, 1960) to words of up to 511 bits; the longest here has 360.

import { PORTS_MASK } from './entries';

/** The divisor without its x^64. */
const DIVISOR: u64 = 0x891ed614e43b780f;
export const CODE_DISTANCE: u64 = 16;

/** Words of u64 of the longest code word. */
export const CODE_WORDS_MAX: i32 = 6;
/** The code word made last: whole words of 64 bits, and one of fewer bits behind them. */
export const code = memory.data(6 * 8, 16);

const remainders = memory.data(256 * 8, 16);
let ready: bool = false;

function prepare(): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    let rest = byte << 56;
    for (let bit = 0; bit < 8; bit++) rest = (rest << 1) ^ (rest >> 63 ? DIVISOR : 0);
    store<u64>(remainders + (<usize>byte << 3), rest);
  }
  ready = true;
}

// @ts-ignore: decorator
@inline
function divide(rest: u64, word: u64, bytes: u64): u64 {
  for (let shift: u64 = bytes << 3; shift; ) {
    shift -= 8;
    const byte = <usize>((rest >> 56) ^ ((word >> shift) & 0xff));
    rest = (rest << 8) ^ load<u64>(remainders + (byte << 3));
  }
  return rest;
}

/** Ports and transport of a conversation in 33 bits: what differs among conversations, whatever their networks. */
// @ts-ignore: decorator
@inline
export function shortPorts(ports: u64): u64 {
  return (((ports & PORTS_MASK) >> 8) << 1) | ((ports & 0xff) == 17 ? 1 : 0);
}

export function longPorts(short: u64): u64 {
  return ((short >> 1) << 8) | (short & 1 ? 17 : 6);
}

/** Conversations: both addresses, check bits, ports. Returns the check bits, of which hashes are made. */
export function encodeConversation4(addresses: u64, ports: u64): u64 {
  if (!ready) prepare();
  const short = shortPorts(ports);
  const check = divide(divide(0, addresses, 8), short, 5);
  store<u64>(code, addresses);
  store<u64>(code, check, 8);
  store<u64>(code, short, 16);
  return check;
}

export function encodeConversation6(a0: u64, a1: u64, b0: u64, b1: u64, ports: u64): u64 {
  if (!ready) prepare();
  const short = shortPorts(ports);
  const check = divide(divide(divide(divide(divide(0, a0, 8), a1, 8), b0, 8), b1, 8), short, 5);
  store<u64>(code, a0);
  store<u64>(code, a1, 8);
  store<u64>(code, b0, 16);
  store<u64>(code, b1, 24);
  store<u64>(code, check, 32);
  store<u64>(code, short, 40);
  return check;
}

/** Addresses: check bits and address. */
export function encodeAddress(six: bool, high: u64, low: u64): u64 {
  if (!ready) prepare();
  const check = six ? divide(divide(0, high, 8), low, 8) : divide(0, low, 4);
  if (six) {
    store<u64>(code, high);
    store<u64>(code, low, 8);
    store<u64>(code, check, 16);
  } else {
    store<u64>(code, check);
    store<u64>(code, low, 8);
  }
  return check;
}
