// Finds a plausible first record in the middle of a file. The guess is never trusted: the merger proves it.

import { read32 } from './classic';
import { interfaceAt } from './interfaces';
import { beginMarks, forgetMarks, isMarked, mark, unmark } from './marks';
import { lengthsSwapped } from './status';

const RECORDS_WANTED: u32 = 8;
/** A chain this long cannot lie inside one packet. */
const SPAN_WANTED: usize = 262144;
const CAPTURED_MAX: u32 = 262144;
const ORIGINAL_MAX: u32 = 16 << 20;
/** Longer blocks are passed over by the search, so that a chain always fits the window. */
const BLOCK_MAX: u32 = 400000;
/** A chain that runs into the end of the file needs this many whole records, unless it ends exactly there. */
const RECORDS_AT_END: u32 = 2;

/**
 * Bytes after which a search is content with a shorter span: a file may have an odd record in each SPAN_WANTED bytes.
 */
const FULL_SPAN_BYTES: u64 = 4 << 20;
/** No IP packet is as long, so what is met most often inside packets still cannot hold such a chain. */
const SPAN_REDUCED: usize = 65536;
/** Bytes after which a search gives up: the merger then scans the chunk from the end of the one before. */
const SEARCH_BYTES_MAX: u64 = 16 << 20;

export const NO: u32 = 0;
export const YES: u32 = 1;
export const UNDECIDED: u32 = 2;

let searchStart: u64 = 0;
let span: usize = SPAN_WANTED;
/** The chain that ran out of bytes: what it has of them and of records. It goes on there when more have come. */
let pausedBytes: usize = 0;
let pausedRecords: u32 = 0;

/** Places that were looked at, each as often as it was. */
export let searchSteps: u64 = 0;

export function beginSearch(position: u64): void {
  beginMarks(position);
  searchStart = position;
  span = SPAN_WANTED;
  pausedBytes = 0;
  pausedRecords = 0;
  searchSteps = 0;
}

/** Whether the search goes on at a place; the span that it wants follows from how far it has come. */
export function goesOn(position: u64): bool {
  const passed = position - searchStart;
  if (span == SPAN_WANTED && passed >= FULL_SPAN_BYTES) {
    span = SPAN_REDUCED;
    forgetMarks();
  }
  return passed < SEARCH_BYTES_MAX;
}

/**
 * Whether a chain of plausible records begins at a place of the window. `base`: the place in the file of
 * address 0, modulo.
 */
export function chain(start: usize, end: usize, base: u32, blocks: bool, nano: bool, final: bool): u32 {
  let at = start + pausedBytes;
  let records = pausedRecords;
  pausedBytes = 0;
  pausedRecords = 0;
  while (true) {
    if (records >= RECORDS_WANTED && at - start >= span) return YES;
    if (at == end && final) return records ? YES : NO;
    searchSteps++;
    const length = blocks ? plausibleBlock(at, end) : plausibleRecord(at, end, nano);
    if (!length) break;
    if (length == CUT || at + length > end) {
      if (final) return records >= RECORDS_AT_END ? YES : NO;
      pausedBytes = at - start;
      pausedRecords = records;
      return UNDECIDED;
    }
    if (blocks && read32(at + length - 4) != <u32>length) break;
    if (isMarked(<u32>at + base)) break;
    mark(<u32>at + base);
    at += length;
    records++;
  }
  // A chain that begins later has fewer bytes at the same place, so it is not long enough there either. One
  // that was long enough lacked records, of which another may have more: what so few records marked is taken
  // back.
  if (at - start > span) takeBack(start, at, base, blocks);
  return NO;
}

function takeBack(start: usize, end: usize, base: u32, blocks: bool): void {
  for (let at = start; at < end; ) {
    unmark(<u32>at + base);
    at += blocks ? <usize>read32(at + 4) : <usize>read32(at + (lengthsSwapped ? 12 : 8)) + 16;
  }
}

const CUT: usize = 0xffffffff;

function plausibleRecord(at: usize, end: usize, nano: bool): usize {
  if (at + 16 > end) return CUT;
  const captured = read32(at + (lengthsSwapped ? 12 : 8));
  const original = read32(at + (lengthsSwapped ? 8 : 12));
  if (!captured || captured > original || captured > CAPTURED_MAX || original >= ORIGINAL_MAX) return 0;
  if (read32(at + 4) >= (nano ? 1000000000 : 1000000)) return 0;
  return <usize>captured + 16;
}

function plausibleBlock(at: usize, end: usize): usize {
  if (at + 12 > end) return CUT;
  const type = read32(at);
  const length = read32(at + 4);
  if (length < 12 || length & 3 || length > BLOCK_MAX) return 0;
  if (type >= 1 && type <= 10) return <usize>length;
  if (type == 0x0bad || type == 0x40000bad || type == 0x0a0d0d0a || type == 0x80000001) return <usize>length;
  return 0;
}

/** Whether the file's interface 0 counts fractions of a second in nanoseconds. */
export function isNano(): bool {
  return load<u64>(interfaceAt(0), 32) == 1;
}
