// One bit for each place of the file modulo the window's size. A set bit: a chain that began before has
// passed this place and failed behind it, too early for any chain that comes by to be long enough; that one
// fails as well. So no place is walked over twice, and the search for a record (seam.ts) is linear in its
// bytes.

import { reserve } from './arena';
import { WINDOW_BYTES } from './layout';

const RING_MASK: u32 = <u32>WINDOW_BYTES - 1;

let marks: usize = 0;
/** Places up to here have had their bits cleared. A multiple of 8. */
let clearedTo: u64 = 0;

export function beginMarks(position: u64): void {
  marks = reserve(WINDOW_BYTES >> 3);
  clearedTo = position & ~7;
}

export function forgetMarks(): void {
  memory.fill(marks, 0, WINDOW_BYTES >> 3);
}

/** Makes room for the places up to the window's end. Bits of the first places may be lost, which costs time only. */
export function clearMarks(end: u64): void {
  while (clearedTo < end) {
    const from = <u32>clearedTo & RING_MASK;
    const bytes = min<u64>((end - clearedTo + 7) >> 3, (<u64>RING_MASK + 1 - <u64>from) >> 3);
    memory.fill(marks + <usize>(from >> 3), 0, <usize>bytes);
    clearedTo += bytes << 3;
  }
}

// @ts-ignore: decorator
@inline
function byteOf(place: u32): usize {
  return marks + <usize>((place & RING_MASK) >> 3);
}

// @ts-ignore: decorator
@inline
export function isMarked(place: u32): bool {
  return ((<u32>load<u8>(byteOf(place)) >> (place & 7)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function mark(place: u32): void {
  const bit: u32 = 1 << (place & 7);
  store<u8>(byteOf(place), <u32>load<u8>(byteOf(place)) | bit);
}

export function unmark(place: u32): void {
  const bit: u32 = 1 << (place & 7);
  store<u8>(byteOf(place), <u32>load<u8>(byteOf(place)) & ~bit);
}
