// The window: bytes of the file arrive behind those that are still needed. After each arrival every complete
// record is scanned and the rest moves to the front. A record larger than the window keeps its first bytes;
// the others are counted off.

import { block, blockLength, isSectionVersion, read16, readOrder, scanBlocks } from './blocks';
import { classicLength, classicOrder, countLongRecord, read32, scanClassic } from './classic';
import { extracting, keepHeader } from './extract';
import { interfaceCount, setInterface, setInterfaceCount } from './interfaces';
import { add, BYTE_ORDERS, INTERFACES_SEEN, SECTIONS_SEEN, WINDOW, WINDOW_BYTES, WINDOW_END } from './layout';
import { countWaiting } from './postponed';
import { countWatched } from './tcp-watch';
import { clearMarks } from './marks';
import { beginSearch, chain, goesOn, isNano, UNDECIDED, YES } from './seam';
import {
  big,
  COMPLETE,
  foreign,
  HEADER,
  HEADER_CUT,
  MAGIC_UNKNOWN,
  NOT_FOUND,
  phase,
  RECORDS,
  SEARCH,
  setOrder,
  setPhase,
  setRecordHead,
  VERSION_BLOCKS,
  VERSION_CLASSIC,
} from './status';

export const CLASSIC: u32 = 0;
export const CLASSIC_NANO: u32 = 1;
export const BLOCKS: u32 = 2;

/** Kept of a record larger than the window: more than is ever decoded. */
const HEAD_BYTES: usize = 2 << 20;
/** A block's last length, kept behind the head. */
const TRAILER_BYTES: usize = 4;
const CLASSIC_HEADER_BYTES: usize = 24;
/** Type, length, byte order and version of a section. */
const SECTION_HEAD_BYTES: usize = 16;
/** Bytes of a file with an unknown magic that are awaited, because they tell what it is. */
const FOREIGN_BYTES: usize = 4096;
/** Record header of the magic a1b2cd34: interface, protocol and direction follow the usual fields. */
const MODIFIED_RECORD_HEAD: usize = 24;

export let format: u32 = CLASSIC;
/** Position in the file of the window's first byte. */
let base: u64 = 0;
let at: usize = WINDOW;
let fillEnd: usize = WINDOW;
let limit: u64 = 0;
/** Bytes of a record larger than the window that are still to be counted off; the record itself; 0: none. */
let skip: u64 = 0;
let longLength: u64 = 0;
let startAt: u64 = 0;
/** Blocks begin at multiples of 4, unless positions are not those in the file. */
let blockStep: usize = 4;

export function beginWindow(position: u64, end: u64, first: u32, kind: u32): void {
  base = position;
  limit = end;
  format = kind;
  at = WINDOW;
  fillEnd = WINDOW;
  skip = 0;
  longLength = 0;
  startAt = position;
  blockStep = 4;
  setPhase(first);
  if (first == SEARCH) beginSearch(position);
  settle();
}

/** A search looks for blocks at every position: before the first byte has come. */
export function searchAll(): void {
  blockStep = 1;
}

export function setLimit(end: u64): void {
  limit = end;
  if (phase == COMPLETE) setPhase(RECORDS);
  advance(false);
}

export function spaceAt(): usize {
  return fillEnd;
}

export function spaceBytes(): usize {
  return WINDOW_END - fillEnd;
}

/** First record, as soon as phase is past SEARCH. */
export function startPosition(): u64 {
  return startAt;
}

/** Where the next record would begin. */
export function position(): u64 {
  return base + <u64>(at - WINDOW);
}

/** Bytes of an unfinished record that have come. */
export function pendingBytes(): u64 {
  const countedOff: u64 = longLength ? longLength - <u64>HEAD_BYTES - <u64>TRAILER_BYTES - skip : 0;
  return countedOff + <u64>(fillEnd - at);
}

export function filled(bytes: usize): void {
  fillEnd += bytes;
  advance(false);
}

/** No bytes follow. A search may now use the end of the file. */
export function finish(): void {
  advance(true);
}

/** Bytes that the unfinished record says it has; 0: its length is not there yet. */
export function claimedBytes(): u64 {
  return longLength ? longLength : claimed();
}

function advance(final: bool): void {
  while (true) {
    if (longLength && !passLong()) return;
    if (phase == HEADER && !readHeader(final)) break;
    if (phase == SEARCH) search(final);
    if (phase != RECORDS) break;
    settle();
    if (phase != RECORDS) break;
    at = format == BLOCKS ? scanBlocks(at, limitAt(), fillEnd) : scanClassic(at, limitAt(), fillEnd);
    countWaiting();
    countWatched();
    settle();
    if (phase != RECORDS) break;
    compact();
    if (!beginLong()) return;
  }
  if (phase == HEADER || phase == SEARCH) compact();
}

function settle(): void {
  if (phase == RECORDS && position() >= limit) setPhase(COMPLETE);
}

function limitAt(): usize {
  const left = limit - base;
  return left > <u64>WINDOW_BYTES ? WINDOW_END : WINDOW + <usize>left;
}

function compact(): void {
  if (at == WINDOW) return;
  const rest = fillEnd - at;
  if (rest) memory.copy(WINDOW, at, rest);
  base += <u64>(at - WINDOW);
  at = WINDOW;
  fillEnd = WINDOW + rest;
}

/** The length of the record at the front, as it says; 0: not enough of it is there. */
function claimed(): u64 {
  const here = fillEnd - at;
  if (format != BLOCKS) return here < 16 ? 0 : classicLength(at);
  if (here < 12) return 0;
  const before = big;
  const length = <u64>blockLength(at);
  setOrder(before, false);
  return length;
}

/** Notices that the record at the front will never fit the window. */
function beginLong(): bool {
  const length = claimed();
  if (length <= <u64>WINDOW_BYTES) return false;
  longLength = length;
  skip = length - <u64>HEAD_BYTES - <u64>TRAILER_BYTES;
  return true;
}

/** Counts off bytes of a record larger than the window; true once it is behind us. */
function passLong(): bool {
  const head = WINDOW + HEAD_BYTES;
  if (fillEnd <= head) return false;
  if (skip) {
    const passed = min<u64>(skip, <u64>(fillEnd - head));
    skip -= passed;
    memory.copy(head, head + <usize>passed, fillEnd - head - <usize>passed);
    fillEnd -= <usize>passed;
  }
  if (skip || fillEnd - head < TRAILER_BYTES) return false;
  if (format == BLOCKS) {
    blockLength(WINDOW);
    if (!block(WINDOW, <u32>longLength, head)) {
      longLength = 0;
      return true;
    }
  } else countLongRecord(WINDOW);
  countWaiting();
  countWatched();
  const rest = fillEnd - head - TRAILER_BYTES;
  memory.copy(WINDOW, head + TRAILER_BYTES, rest);
  base += longLength;
  at = WINDOW;
  fillEnd = WINDOW + rest;
  longLength = 0;
  settle();
  return true;
}

/** Reads the magic and what belongs to it; false: more bytes are needed, or it is no capture's. */
function readHeader(final: bool): bool {
  const here = fillEnd - at;
  if (here >= 4) {
    const magic = load<u32>(at);
    if (magic == 0x0a0d0d0a) {
      if (here >= SECTION_HEAD_BYTES || (final && here >= 12)) return readSection(here, final);
    } else {
      const order = classicOrder(magic);
      if (order == 0) {
        if (final || here >= FOREIGN_BYTES) foreign(MAGIC_UNKNOWN);
        return false;
      }
      if (here >= CLASSIC_HEADER_BYTES) return readClassicHeader(order);
    }
  }
  if (final) foreign(HEADER_CUT);
  return false;
}

function readSection(here: usize, final: bool): bool {
  if (!readOrder(at)) {
    if (final || here >= FOREIGN_BYTES) foreign(MAGIC_UNKNOWN);
    return false;
  }
  if (here >= SECTION_HEAD_BYTES && !isSectionVersion(at)) {
    foreign(VERSION_BLOCKS, read16(at + 12), read16(at + 14));
    return false;
  }
  format = BLOCKS;
  setInterfaceCount(0);
  setPhase(RECORDS);
  return true;
}

/** Versions as libpcap takes them: 2.0 to 2.4, and 543.0, whose lengths are swapped as those before 2.3. */
function readClassicHeader(order: u32): bool {
  const isBig = (order & 4) != 0;
  setOrder(isBig, false);
  const major = read16(at + 4);
  const minor = read16(at + 6);
  const odd = major == 543 && minor == 0;
  if (!odd && (major != 2 || minor > 4)) {
    foreign(VERSION_CLASSIC, major, minor);
    return false;
  }
  setOrder(isBig, odd || minor < 3);
  format = (order & 3) == 2 ? CLASSIC_NANO : CLASSIC;
  if ((order & 3) == 3) setRecordHead(MODIFIED_RECORD_HEAD);
  setInterface(0, read32(at + 20) & 0xffff, read32(at + 16), format == CLASSIC_NANO ? 9 : 6, 0);
  setInterfaceCount(1);
  add(INTERFACES_SEEN, 1);
  add(SECTIONS_SEEN, 1);
  store<u64>(BYTE_ORDERS, load<u64>(BYTE_ORDERS) | (isBig ? 2 : 1));
  if (extracting) keepHeader(at, CLASSIC_HEADER_BYTES, !isBig && minor >= 3 && (order & 3) != 3);
  at += CLASSIC_HEADER_BYTES;
  setPhase(RECORDS);
  settle();
  return true;
}

function search(final: bool): void {
  const blocks = format == BLOCKS;
  const nano = blocks ? false : isNano();
  const step: usize = blocks ? blockStep : 1;
  if (step == 4) at += <usize>((4 - (position() & 3)) & 3);
  clearMarks(base + <u64>(fillEnd - WINDOW));
  const ringBase = <u32>base - <u32>WINDOW;
  while (position() < limit && at < fillEnd) {
    if (!goesOn(position())) return setPhase(NOT_FOUND);
    const found = chain(at, fillEnd, ringBase, blocks, nano, final);
    if (found == YES) {
      startAt = position();
      return setPhase(RECORDS);
    }
    if (found == UNDECIDED) return;
    at += step;
  }
  if (position() >= limit || final) setPhase(NOT_FOUND);
  else if (at > fillEnd) at = fillEnd;
}
