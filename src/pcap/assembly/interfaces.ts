// The interfaces in force: one for a classic file, those of the current section for pcapng. 64 bytes each:
//
//   0 link type u32 | 4 snap length u32 | 8 time resolution u32 | 12 mode u32 | 16 offset s i64 | 24 offset ns i64
//   32 factor u64 | 40 units below which the short way serves u64 | 48 shift u32

import { INTERFACE_BYTES, INTERFACES, LINKS, noteRow } from './layout';

export const MULTIPLY: u32 = 0;
export const DIVIDE: u32 = 1;
export const SHIFT: u32 = 2;

/** Beyond this, seconds times 10^9 plus a packet's own time might not fit int64. */
const OFFSET_SECONDS_SHORT: i64 = 4000000000;

export let interfaceCount: u32 = 0;

/** Every time goes the long way, which sees more than the short one. */
let longOnly: bool = false;

export function setLongOnly(only: bool): void {
  if (longOnly == only) return;
  longOnly = only;
  for (let i: u32 = 0; i < interfaceCount; i++) limitShortWay(interfaceAt(i));
}

export function setInterfaceCount(count: u32): void {
  interfaceCount = count;
}

// @ts-ignore: decorator
@inline
export function interfaceAt(number: u32): usize {
  return INTERFACES + <usize>number * INTERFACE_BYTES;
}

function tenTo(exponent: u32): u64 {
  let value: u64 = 1;
  for (let i: u32 = 0; i < exponent; i++) value *= 10;
  return value;
}

export function setInterface(number: u32, link: u32, snap: u32, resolution: u32, offset: i64): void {
  noteRow(LINKS + (<usize>(link & 0xffff) << 4));
  const at = interfaceAt(number);
  let mode = MULTIPLY;
  let factor: u64 = 1;
  let shift: u32 = 0;
  if (resolution & 0x80) {
    mode = SHIFT;
    shift = resolution & 0x7f;
  } else if (resolution <= 9) factor = tenTo(9 - resolution);
  else {
    mode = DIVIDE;
    // 10^20 is more than any 64-bit count of units: the quotient is 0.
    factor = resolution - 9 < 20 ? tenTo(resolution - 9) : 0;
  }
  store<u32>(at, link);
  store<u32>(at, snap, 4);
  store<u32>(at, resolution, 8);
  store<u32>(at, mode, 12);
  store<i64>(at, offset, 16);
  store<i64>(at, offset * 1000000000, 24);
  store<u64>(at, factor, 32);
  store<u32>(at, shift, 48);
  limitShortWay(at);
}

function limitShortWay(at: usize): void {
  const offset = load<i64>(at, 16);
  const near = offset >= -OFFSET_SECONDS_SHORT && offset <= OFFSET_SECONDS_SHORT;
  const short = !longOnly && near && load<u32>(at, 12) == MULTIPLY;
  store<u64>(at, short ? 0x4000000000000000 / load<u64>(at, 32) : 0, 40);
}
