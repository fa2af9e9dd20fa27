// Text of many rows: packed rows (../../assembly/packed-rows.ts) become the bytes of JSON or CSV as a
// template says. A template is a list of steps of 8 bytes: a field's number and 0, or the place of a literal
// and its length + 256.

/** Where callers lay templates with their literals, and packed rows. */
export const TEMPLATE: usize = 0x10000;
export const TEMPLATE_BYTES: usize = 0x10000;
export const ROWS: usize = 0x20000;
export const ROWS_BYTES: usize = 0x60000;
export const TEXT: usize = 0x80000;
export const TEXT_BYTES: usize = 0x200000;
/** No field is longer: an IPv6 endpoint in brackets has 54 characters with an IPv4 address in dots at its end. */
export const FIELD_BYTES_MAX: usize = 64;

const I64_MAX: i64 = 0x7fffffffffffffff;
const SECOND_NS: u64 = 1000000000;

let to: usize = 0;

/** Writes so many rows of `rowBytes` from ROWS to TEXT. Returns the end of the text. */
export function writeRows(rows: u32, rowBytes: usize, steps: u32): usize {
  to = TEXT;
  for (let i: u32 = 0; i < rows; i++) writeRow(ROWS + <usize>i * rowBytes, steps);
  return to;
}

function writeRow(row: usize, steps: u32): void {
  for (let step: u32 = 0; step < steps; step++) {
    const place = load<u32>(TEMPLATE + (<usize>step << 3));
    const length = load<u32>(TEMPLATE + (<usize>step << 3), 4);
    if (length) literal(<usize>place, <usize>(length - 256));
    else field(place, row);
  }
}

/** Copies by eight; what is too much is written over. */
function literal(from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 8) store<u64>(to + i, load<u64>(from + i));
  to += length;
}

function field(number: u32, row: usize): void {
  switch (number) {
    case 0:
      return protocol(row);
    case 1:
      return endpoint(row, 32, 24);
    case 2:
      return endpoint(row, 48, 8);
    case 3:
      return count(load<u64>(row) + load<u64>(row, 72));
    case 4:
      return count(load<u64>(row, 8) + load<u64>(row, 80));
    case 5:
      return count(load<u64>(row));
    case 6:
      return count(load<u64>(row, 8));
    case 7:
      return count(load<u64>(row, 72));
    case 8:
      return count(load<u64>(row, 80));
    case 9:
      return time(firstOf(row), firstOf(row));
    case 10:
      return time(max(load<i64>(row, 24), load<i64>(row, 96)), firstOf(row));
    case 11:
      return time(firstOut(row), firstOut(row));
    case 12:
      return time(load<i64>(row, 24), firstOut(row));
    case 13:
      return time(load<i64>(row, 88), load<i64>(row, 88));
    case 14:
      return time(load<i64>(row, 96), load<i64>(row, 88));
    case 22:
      return count(mostOf(row, 0));
    case 23:
      return count(mostOf(row, 8));
    case 24:
      return count(load<u64>(row, 72));
    case 25:
      return count(load<u64>(row, 80));
    case 15:
      return address(load<u64>(row), load<u64>(row, 8), load<u64>(row, 16) == 6);
    case 32:
      return rate(row);
    default:
      // Packets and bytes in all, sent, received.
      return count(load<u64>(row + (number < 18 ? 56 : 24) + (<usize>(number < 18 ? number - 16 : number - 18) << 3)));
  }
}

/**
 * Whether a conversation is known within bounds; then it has no times, and the bounds stand in the place of
 * two of them.
 */
function isBounded(row: usize): bool {
  return ((load<u64>(row, 64) >> 41) & 1) != 0;
}

/** Packets, or bytes, that a conversation has at most. */
function mostOf(row: usize, offset: usize): u64 {
  return isBounded(row) ? load<u64>(row + 16 + offset) : load<u64>(row + offset) + load<u64>(row + 72 + offset);
}

/** First time from a to b; I64_MAX: there is none. */
function firstOut(row: usize): i64 {
  return isBounded(row) ? I64_MAX : load<i64>(row, 16);
}

/** Bits a second between the first packet and the last; nothing, or null, where no time passes. At most 2^63 - 1. */
function rate(row: usize): void {
  const first = firstOf(row);
  const last = max(load<i64>(row, 24), load<i64>(row, 96));
  if (first == I64_MAX || last <= first) return none();
  const ns = <u64>(last - first);
  const bytes = load<u64>(row, 8) + load<u64>(row, 80);
  // bytes * 8 * 10^9 in two words, divided bit by bit.
  const product = (bytes & 0xffffffff) * SECOND_NS;
  const carried = (bytes >> 32) * SECOND_NS + (product >> 32);
  let low = (carried << 32) | (product & 0xffffffff);
  let high = ((carried >> 32) << 3) | (low >> 61);
  low <<= 3;
  const half = ns >> 1;
  if (high > half || (high == half && (!(ns & 1) || low >> 63))) return count(<u64>I64_MAX);
  for (let bit = 0; bit < 64; bit++) {
    const carry = high >> 63;
    high = (high << 1) | (low >> 63);
    low <<= 1;
    if (!carry && high < ns) continue;
    high -= ns;
    low |= 1;
  }
  count(low);
}

/** Of a field without a value: null in JSON, nothing in CSV. */
function none(): void {
  if (!quoted) return;
  store<u32>(to, 0x6c6c756e); // "null"
  to += 4;
}

function firstOf(row: usize): i64 {
  return min(firstOut(row), load<i64>(row, 88));
}

function put(character: u32): void {
  store<u8>(to++, character);
}

function protocol(row: usize): void {
  // "tcp" or "udp", little-endian.
  store<u32>(to, (load<u64>(row, 64) & 0xff) == 6 ? 0x706374 : 0x706475);
  to += 3;
}

/** In quotes where times are texts, as in JSON; nothing or null where no packet has a time. */
let quoted: bool = false;

export function setQuoted(times: bool): void {
  quoted = times;
}

function time(value: i64, timed: i64): void {
  if (timed == I64_MAX) return none();
  if (quoted) put(34);
  if (value < 0) put(45);
  count(<u64>(value < 0 ? -value : value));
  if (quoted) put(34);
}

/** Decimal digits, two at a time from behind. */
function count(value: u64): void {
  let digits: usize = 1;
  for (let rest = value; rest >= 10; rest /= 10) digits++;
  let at = to + digits;
  to = at;
  let high = value;
  while (high >= 0xffffffff) {
    const next = high / 10;
    store<u8>(--at, 48 + <u32>(high - next * 10));
    high = next;
  }
  let low = <u32>high;
  while (low >= 10) {
    const next = low / 10;
    store<u8>(--at, 48 + (low - next * 10));
    low = next;
  }
  store<u8>(at - 1, 48 + low);
}

function endpoint(row: usize, addressAt: usize, portShift: u64): void {
  const ports = load<u64>(row, 64);
  const six = ((ports >> 40) & 1) != 0;
  if (six) put(91);
  address(load<u64>(row + addressAt), load<u64>(row + addressAt, 8), six);
  if (six) put(93);
  put(58);
  count((ports >> portShift) & 0xffff);
}

function address(high: u64, low: u64, six: bool): void {
  if (six) address6(high, low);
  else address4(<u32>low);
}

function address4(value: u32): void {
  for (let shift: i32 = 24; shift >= 0; shift -= 8) {
    count(<u64>((value >> shift) & 0xff));
    if (shift) put(46);
  }
}

/** RFC 5952: lower case, the first longest run of two or more zero groups as "::". */
function address6(high: u64, low: u64): void {
  if (!high && low >> 32 == 0xffff) {
    store<u64>(to, 0x3a666666663a3a); // "::ffff:"
    to += 7;
    return address4(<u32>low);
  }
  let best = -1;
  let length = 1;
  for (let at = 0; at < 8; at++) {
    let zeros = 0;
    while (at + zeros < 8 && !group(high, low, at + zeros)) zeros++;
    if (zeros > length) {
      best = at;
      length = zeros;
    }
  }
  for (let at = 0; at < 8; at++) {
    if (at == best) {
      put(58);
      put(58);
      at += length - 1;
      continue;
    }
    // Where there is no such run, best + length is 0.
    if (at && at != best + length) put(58);
    hex(group(high, low, at));
  }
}

function group(high: u64, low: u64, number: i32): u32 {
  return <u32>((number < 4 ? high : low) >> (<u64>(3 - (number & 3)) << 4)) & 0xffff;
}

function hex(value: u32): void {
  let shift: i32 = 12;
  while (shift && !(value >> shift)) shift -= 4;
  for (; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 15;
    put(digit < 10 ? 48 + digit : 87 + digit);
  }
}
