// Records of classic captures.

import { seen } from './clock';
import { interfaceAt } from './interfaces';
import { packet } from './link';
import { big, damaged, headersOnly, lengthsSwapped, RECORD_TOO_LONG, walking } from './status';

const RECORD_HEAD: usize = 16;
const CAPTURED_MAX: u32 = 262144;
/** D-Bus messages and USB transfers may be this long, as in libpcap. */
const CAPTURED_MAX_LONG: u32 = 128 << 20;

export function capturedMax(link: u32): u32 {
  return link == 231 || link == 249 ? CAPTURED_MAX_LONG : CAPTURED_MAX;
}

// @ts-ignore: decorator
@inline
export function read32(at: usize): u32 {
  const value = load<u32>(at);
  return big ? bswap<u32>(value) : value;
}

/** Scans whole records from at until limit, the end of the bytes, or damage. Returns where it stopped. */
export function scanClassic(at: usize, limit: usize, end: usize): usize {
  if (headersOnly) return at;
  const link = load<u32>(interfaceAt(0));
  const factor = load<u64>(interfaceAt(0), 32);
  const most = capturedMax(link);
  const capturedAt: usize = lengthsSwapped ? 12 : 8;
  const originalAt: usize = lengthsSwapped ? 8 : 12;
  while (at < limit && at + RECORD_HEAD <= end) {
    const captured = read32(at + capturedAt);
    if (captured > most) {
      damaged(RECORD_TOO_LONG, captured, most);
      break;
    }
    const next = at + RECORD_HEAD + <usize>captured;
    if (next > end) break;
    if (!walking) count(at, at + RECORD_HEAD, link, factor, captured, read32(at + originalAt));
    at = next;
  }
  return at;
}

// @ts-ignore: decorator
@inline
function count(at: usize, data: usize, link: u32, factor: u64, captured: u32, original: u32): void {
  const time = <i64>(<u64>read32(at) * 1000000000 + <u64>read32(at + 4) * factor);
  seen(time);
  packet(link, data, captured, original, time, true);
}

/** Bytes of the record that begins at a place, of which the header is there; 0: it is damaged. */
export function classicLength(at: usize): u64 {
  const captured = read32(at + (lengthsSwapped ? 12 : 8));
  return captured > capturedMax(load<u32>(interfaceAt(0))) ? 0 : <u64>captured + RECORD_HEAD;
}

/** Counts a record of which only the first bytes are there. */
export function countLongRecord(at: usize): void {
  if (walking) return;
  const link = load<u32>(interfaceAt(0));
  const captured = read32(at + (lengthsSwapped ? 12 : 8));
  const original = read32(at + (lengthsSwapped ? 8 : 12));
  count(at, at + RECORD_HEAD, link, load<u64>(interfaceAt(0), 32), captured, original);
}
