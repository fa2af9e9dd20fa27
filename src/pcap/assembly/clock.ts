// Times in int64 ns since 1970. In a capture whose first packet does not fit they are counted from the
// midnight before it. Those that are too far away even so (only damaged or invented captures have them) are
// kept exactly for the file's first and last time, and saturated for everything else.

import { afterPause, GAP_NS, late } from './activity';
import { rebaseSpan } from './filtering';
import { DIVIDE, MULTIPLY, setLongOnly, SHIFT } from './interfaces';
import {
  add,
  BASE_DECIDED,
  BASE_HIGH,
  BASE_LOW,
  DISORDER,
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
import { setSelective } from './status';

const DAY_NS: u64 = 86400000000000;

/** The last packet's time was outside int64 and saturated: no row of the series counts it. */
export let saturated: bool = false;
/** Times are not counted from 1970. */
export let based: bool = false;
/** False until the first packet that has a time. */
let baseKnown: bool = true;

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

/** Takes the time of a packet in, whose distance from I64_MIN is far. */
// @ts-ignore: decorator
@inline
export function seen(time: i64): void {
  const last = load<i64>(LAST_NS);
  if (time >= last) {
    store<i64>(LAST_NS, time);
    // The first packet as well: it is far from I64_MIN.
    if (<u64>(time - last) > GAP_NS) pause(time, last);
  } else disorder(time);
}

function pause(time: i64, last: i64): void {
  if (time < load<i64>(FIRST_NS)) store<i64>(FIRST_NS, time);
  afterPause(time, last);
}

function disorder(time: i64): void {
  store<u64>(DISORDER, 1);
  if (time < load<i64>(FIRST_NS)) store<i64>(FIRST_NS, time);
  late(time);
}

/** Times are ns since 1970 until one says otherwise; `known`: none of this scan may. */
export function beginClock(known: bool): void {
  saturated = false;
  based = false;
  baseKnown = known;
  store<u64>(BASE_HIGH, 0);
  store<u64>(BASE_LOW, 0);
  store<u64>(BASE_DECIDED, 0);
  setLongOnly(!known);
}

/** The last packet of another file says nothing of the next one. */
export function beginFile(): void {
  saturated = false;
}

export function setBase(baseHigh: u64, baseLow: u64): void {
  store<u64>(BASE_HIGH, baseHigh);
  store<u64>(BASE_LOW, baseLow);
  store<u64>(BASE_DECIDED, 1);
  baseKnown = true;
  based = (baseHigh | baseLow) != 0;
  setLongOnly(based);
  if (!based) return;
  // Records of classic captures go the way that looks at times.
  setSelective();
  rebaseSpan();
}

/** The first packet decides, whether it is wanted or not. */
function decideBase(outside: bool): void {
  if (!outside) return setBase(0, 0);
  const ownHigh = high;
  const ownLow = low;
  toMidnight();
  setBase(high, low);
  high = ownHigh;
  low = ownLow;
}

/** The first packet has no time: those that follow are told from 1970. */
export function untimed(): void {
  if (!baseKnown) setBase(0, 0);
}

/** high:low = the last multiple of a day up to it: intervals of charts are parts of a day. */
function toMidnight(): void {
  const negative = <i64>high < 0;
  const sizeHigh = negative ? ~high + u64(low == 0) : high;
  const sizeLow = negative ? 0 - low : low;
  let rest: u64 = 0;
  for (let bit = 127; bit >= 0; bit--) {
    rest = (rest << 1) | ((bit >= 64 ? sizeHigh >> <u64>(bit - 64) : sizeLow >> <u64>bit) & 1);
    if (rest >= DAY_NS) rest -= DAY_NS;
  }
  if (negative && rest) rest = DAY_NS - rest;
  subtract(0, rest);
}

function subtract(fromHigh: u64, fromLow: u64): void {
  high = high - fromHigh - u64(low < fromLow);
  low -= fromLow;
}

/** A time in ns since 1970 from the base; the nearest that int64 has, less one, where it is too far away. */
export function fromBase(time: i64): i64 {
  if (!based) return time;
  high = <u64>(time >> 63);
  low = <u64>time;
  subtract(load<u64>(BASE_HIGH), load<u64>(BASE_LOW));
  return isWide() ? saturation() : <i64>low;
}

/** Counts a time in ns since 1970 and returns it from the base. */
export function seenFromBase(time: i64): i64 {
  const own = fromBase(time);
  return taken(based && isWide(), own);
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
  return relativeTime(at, units) ? saturation() : <i64>low;
}

function longWay(at: usize, units: u64): i64 {
  const outside = relativeTime(at, units);
  return taken(outside, outside ? saturation() : <i64>low);
}

/** Takes high:low in, which int64 has as `time`, or as the nearest that it has when it is outside. */
function taken(outside: bool, time: i64): i64 {
  saturated = outside;
  if (outside) {
    wide();
    return time;
  }
  if (load<u64>(WIDE_PACKETS) && less(high, low, load<u64>(WIDE_LAST_HIGH), load<u64>(WIDE_LAST_LOW)))
    store<u64>(DISORDER, 1);
  if (time < load<i64>(FIRST_NS)) store<i64>(FIRST_NS, time);
  seen(time);
  return time;
}

/** The nearest times that int64 has, less one: the outermost mean that there is none. */
function saturation(): i64 {
  return <i64>high < 0 ? I64_MIN + 1 : I64_MAX - 1;
}

// @ts-ignore: decorator
@inline
function isWide(): bool {
  return <i64>high != <i64>low >> 63;
}

/** high:low = the time of a packet from the base; true: it is outside int64. */
function relativeTime(at: usize, units: u64): bool {
  const outside = wideTime(at, units);
  if (!baseKnown) decideBase(outside);
  if (!based) return outside;
  subtract(load<u64>(BASE_HIGH), load<u64>(BASE_LOW));
  return isWide();
}

/** high:low = the time of a packet in ns since 1970; true: it is outside int64. */
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
  return isWide();
}

function less(aHigh: u64, aLow: u64, bHigh: u64, bLow: u64): bool {
  return aHigh == bHigh ? aLow < bLow : <i64>aHigh < <i64>bHigh;
}

function wide(): void {
  const first = load<u64>(WIDE_PACKETS) == 0;
  const last = load<i64>(LAST_NS);
  if (last != I64_MIN && less(high, low, <u64>(last >> 63), <u64>last)) store<u64>(DISORDER, 1);
  if (!first && less(high, low, load<u64>(WIDE_LAST_HIGH), load<u64>(WIDE_LAST_LOW))) store<u64>(DISORDER, 1);
  // Times that come after must be compared with this one, which the short way does not.
  setLongOnly(true);
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
