// Times in int64 ns. Those that do not fit (only damaged or invented captures have them) are kept exactly for the file's
// first and last time, and saturated for everything else.

import { DIVIDE, MULTIPLY, SHIFT } from './interfaces';
import {
  add,
  FIRST_NS,
  I64_MAX,
  I64_MIN,
  LAST_NS,
  WIDE_FIRST_HIGH,
  WIDE_FIRST_LOW,
  WIDE_LAST_HIGH,
  WIDE_LAST_LOW,
  WIDE_PACKETS,
} from './layout';

/** The last packet's time was outside int64 and saturated: no row of the series counts it. */
export let saturated: bool = false;

let high: u64 = 0;
let low: u64 = 0;

/** high:low = a * b. */
function multiply(a: u64, b: u64): void {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const p00 = a0 * b0;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = (p00 >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
  low = (p00 & 0xffffffff) | (middle << 32);
  high = a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

// @ts-ignore: decorator
@inline
export function seen(time: i64): void {
  if (time < load<i64>(FIRST_NS)) store<i64>(FIRST_NS, time);
  if (time > load<i64>(LAST_NS)) store<i64>(LAST_NS, time);
}

/** Counts the time of a packet of an interface and returns it. */
// @ts-ignore: decorator
@inline
export function timeOf(at: usize, units: u64): i64 {
  saturated = false;
  if (units < load<u64>(at, 40)) {
    const time = <i64>(units * load<u64>(at, 32)) + load<i64>(at, 24);
    seen(time);
    return time;
  }
  return longWay(at, units);
}

/** The time of a packet of an interface, which is not counted. */
export function timeOnly(at: usize, units: u64): i64 {
  if (units < load<u64>(at, 40)) return <i64>(units * load<u64>(at, 32)) + load<i64>(at, 24);
  return wideTime(at, units) ? saturation() : <i64>low;
}

function longWay(at: usize, units: u64): i64 {
  if (!wideTime(at, units)) {
    seen(<i64>low);
    return <i64>low;
  }
  saturated = true;
  wide();
  return saturation();
}

/** The nearest times that int64 has, less one: the outermost mean that there is none. */
function saturation(): i64 {
  return <i64>high < 0 ? I64_MIN + 1 : I64_MAX - 1;
}

/** high:low = the time of a packet; true: it is outside int64. */
function wideTime(at: usize, units: u64): bool {
  const mode = load<u32>(at, 12);
  const factor = load<u64>(at, 32);
  if (mode == MULTIPLY) multiply(units, factor);
  else if (mode == DIVIDE) {
    low = factor ? units / factor : 0;
    high = 0;
  } else {
    multiply(units, 1000000000);
    const shift = <u64>load<u32>(at, 48);
    if (shift >= 64) {
      low = high >> (shift - 64);
      high = 0;
    } else if (shift) {
      low = (low >> shift) | (high << (64 - shift));
      high >>= shift;
    }
  }
  const unitsHigh = high;
  const unitsLow = low;
  const seconds = load<i64>(at, 16);
  multiply(seconds < 0 ? 0 - <u64>seconds : <u64>seconds, 1000000000);
  if (seconds < 0) {
    low = 0 - low;
    high = ~high + u64(low == 0);
  }
  const sum = unitsLow + low;
  high = unitsHigh + high + u64(sum < low);
  low = sum;
  return <i64>high != <i64>low >> 63;
}

function less(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64): bool {
  return aHigh == bHigh ? aLow < bLow : <i64>aHigh < <i64>bHigh;
}

function wide(): void {
  const first = load<u64>(WIDE_PACKETS) == 0;
  add(WIDE_PACKETS, 1);
  if (first || less(high, low, load<u64>(WIDE_FIRST_HIGH), load<u64>(WIDE_FIRST_LOW))) {
    store<u64>(WIDE_FIRST_HIGH, high);
    store<u64>(WIDE_FIRST_LOW, low);
  }
  if (first || less(load<u64>(WIDE_LAST_HIGH), load<u64>(WIDE_LAST_LOW), high, low)) {
    store<u64>(WIDE_LAST_HIGH, high);
    store<u64>(WIDE_LAST_LOW, low);
  }
}
