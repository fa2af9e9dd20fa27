// Finds a plausible first record in the middle of a file. The guess is never trusted: the merger proves it.

import { read32 } from './classic';
import { interfaceAt } from './interfaces';
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

export const NO: u32 = 0;
export const YES: u32 = 1;
export const UNDECIDED: u32 = 2;

/** Whether a chain of plausible records begins at a place. `final`: no byte follows end. */
export function chain(start: usize, end: usize, blocks: bool, nano: bool, final: bool): u32 {
  let at = start;
  let records: u32 = 0;
  while (true) {
    if (records >= RECORDS_WANTED && at - start >= SPAN_WANTED) return YES;
    if (at == end && final) return records ? YES : NO;
    const length = blocks ? plausibleBlock(at, end) : plausibleRecord(at, end, nano);
    if (!length) return NO;
    if (length == CUT || at + length > end) {
      if (!final) return UNDECIDED;
      return records >= RECORDS_AT_END ? YES : NO;
    }
    if (blocks && read32(at + length - 4) != <u32>length) return NO;
    at += length;
    records++;
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
