// Records of classic captures.

import { based, fromBase, seen, seenFromBase } from './clock';
import { extracting, full, keep, keepPacket, keptPacket, refuseLong } from './extract';
import { byFilterAlone, functionFor, inSpan, matches, onlyNumbers, READ_BYTES_MAX } from './filtering';
import { interfaceAt } from './interfaces';
import { add, EXAMINED, LINKS, ZERO_RECORDS } from './layout';
import { packet } from './link';
import { noteTold } from './pieces';
import {
  ANOTHER_CAPTURE,
  big,
  COMPLETE,
  damaged,
  headersOnly,
  lengthsSwapped,
  RECORD_TOO_LONG,
  recordHead,
  selective,
  setPhase,
  walking,
} from './status';

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
  if (selective && byFilterAlone()) return scanFiltered(at, limit, end);
  const link = load<u32>(interfaceAt(0));
  const factor = load<u64>(interfaceAt(0), 32);
  const most = capturedMax(link);
  const capturedAt: usize = lengthsSwapped ? 12 : 8;
  const originalAt: usize = lengthsSwapped ? 8 : 12;
  const head = recordHead;
  while (at < limit && at + head <= end) {
    const captured = read32(at + capturedAt);
    // One comparison for too much and for nothing, which both are rare.
    if (captured - 1 >= most && !isRecord(at, captured, most)) break;
    const next = at + head + <usize>captured;
    if (next > end) break;
    if (!selective) count(at, at + head, link, factor, captured, read32(at + originalAt));
    else select(at, at + head, link, factor, captured, read32(at + originalAt));
    at = next;
    if (selective && full) {
      setPhase(COMPLETE);
      break;
    }
  }
  return at;
}

/** The same with a filter and nothing else. Wanted records behind each other are copied in one go. */
function scanFiltered(at: usize, limit: usize, end: usize): usize {
  const link = load<u32>(interfaceAt(0));
  const factor = load<u64>(interfaceAt(0), 32);
  const most = capturedMax(link);
  const capturedAt: usize = lengthsSwapped ? 12 : 8;
  const originalAt: usize = lengthsSwapped ? 8 : 12;
  const head = recordHead;
  if (onlyNumbers && !big && !lengthsSwapped) return scanCounted(at, limit, end, link, most, head);
  let match: u32 = 0;
  let examined: u64 = 0;
  /** Where the records begin that are wanted and end at `at`; 0: none do. */
  let run: usize = 0;
  while (at < limit && at + head <= end) {
    const captured = read32(at + capturedAt);
    if (captured - 1 >= most && !isRecord(at, captured, most)) break;
    const next = at + head + <usize>captured;
    if (next > end) break;
    if (!match) match = functionFor(link);
    examined++;
    const original = read32(at + originalAt);
    if (!call_indirect<u32>(match, at + head, min(captured, READ_BYTES_MAX), original)) {
      if (run) keep(run, at - run);
      run = 0;
    } else if (!extracting) count(at, at + head, link, factor, captured, original);
    else {
      if (!run) run = at;
      keptPacket();
    }
    at = next;
    if (full) {
      setPhase(COMPLETE);
      break;
    }
  }
  if (run) keep(run, at - run);
  add(EXAMINED, examined);
  return at;
}

/** The same where the packets that match are only counted. */
function scanCounted(at: usize, limit: usize, end: usize, link: u32, most: u32, head: usize): usize {
  const last = min<usize>(limit, end - head + 1);
  let match: u32 = 0;
  let examined: u64 = 0;
  let wanted: u64 = 0;
  let bytes: u64 = 0;
  while (at < last) {
    const captured = load<u32>(at, 8);
    if (captured - 1 >= most && !isRecord(at, captured, most)) break;
    const next = at + head + <usize>captured;
    if (next > end) break;
    if (!match) match = functionFor(link);
    examined++;
    const original = load<u32>(at, 12);
    const matches = <u64>(call_indirect<u32>(match, at + head, min(captured, READ_BYTES_MAX), original) != 0);
    wanted += matches;
    bytes += matches * <u64>original;
    at = next;
  }
  countRows(link, wanted, bytes);
  add(EXAMINED, examined);
  return at;
}

/** Whether a record that claims nothing or too much is one; else it is damage, or the header of another capture. */
function isRecord(at: usize, captured: u32, most: u32): bool {
  const another = captureAt(at);
  if (another) damaged(ANOTHER_CAPTURE, another - 1, 0);
  else if (captured > most) damaged(RECORD_TOO_LONG, captured, most);
  else {
    if (!walking && !load<u64>(at) && !load<u64>(at, 8)) {
      add(ZERO_RECORDS, 1);
      noteTold();
    }
    return true;
  }
  return false;
}

/** What begins where a record should, of which 16 bytes are there: 1 a classic capture, 2 a pcapng one, 0 neither. */
export function captureAt(at: usize): u32 {
  const magic = load<u32>(at);
  const word = load<u32>(at, 4);
  if (classicOrder(magic)) return word == 0x00040002 || word == 0x02000400 ? 1 : 0;
  const order = load<u32>(at, 8);
  return magic == 0x0a0d0d0a && (order == 0x1a2b3c4d || order == 0x4d3c2b1a) ? 2 : 0;
}

/** 0: no magic; else 1 micro, 2 nano or 3 micro with longer record headers, and 4 more for big-endian. */
export function classicOrder(magic: u32): u32 {
  if (magic == 0xa1b2c3d4) return 1;
  if (magic == 0xa1b23c4d) return 2;
  if (magic == 0xa1b2cd34) return 3;
  if (magic == 0xd4c3b2a1) return 5;
  if (magic == 0x4d3cb2a1) return 6;
  if (magic == 0x34cdb2a1) return 7;
  return 0;
}

/** Counts a record that is wanted, or keeps it where records are extracted. */
function select(at: usize, data: usize, link: u32, factor: u64, captured: u32, original: u32): void {
  if (!isWanted(at, data, link, factor, captured, original)) return;
  if (extracting) {
    keepPacket(at, data - at + <usize>captured);
    return;
  }
  // One call of what is put in here for both, since it is long.
  let time = timeAt(at, factor);
  if (based) time = seenFromBase(time);
  else seen(time);
  packet(link, data, captured, original, time, true);
}

function isWanted(at: usize, data: usize, link: u32, factor: u64, captured: u32, original: u32): bool {
  const fits = matches(link, data, captured, original);
  return inSpan(fromBase(timeAt(at, factor))) && fits;
}

// @ts-ignore: decorator
@inline
function timeAt(at: usize, factor: u64): i64 {
  return <i64>(<u64>read32(at) * 1000000000 + <u64>read32(at + 4) * factor);
}

// @ts-ignore: decorator
@inline
function count(at: usize, data: usize, link: u32, factor: u64, captured: u32, original: u32): void {
  const time = timeAt(at, factor);
  seen(time);
  packet(link, data, captured, original, time, true);
}

function countRows(link: u32, packets: u64, bytes: u64): void {
  const row = LINKS + (<usize>link << 4);
  add(row, packets);
  add(row + 8, bytes);
}

/** Bytes of the record that begins at a place, of which the header is there; 0: it is damaged. */
export function classicLength(at: usize): u64 {
  const captured = read32(at + (lengthsSwapped ? 12 : 8));
  return captured > capturedMax(load<u32>(interfaceAt(0))) ? 0 : <u64>captured + recordHead;
}

/** Counts a record of which only the first bytes are there. */
export function countLongRecord(at: usize): void {
  if (walking) return;
  const link = load<u32>(interfaceAt(0));
  const captured = read32(at + (lengthsSwapped ? 12 : 8));
  const original = read32(at + (lengthsSwapped ? 8 : 12));
  const factor = load<u64>(interfaceAt(0), 32);
  if (!selective) count(at, at + recordHead, link, factor, captured, original);
  else if (extracting) refuseLong(captured);
  else select(at, at + recordHead, link, factor, captured, original);
}
