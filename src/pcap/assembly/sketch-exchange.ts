// Sums of what left the table leave and enter through the window: rows of addresses as they are
// (left-addresses.ts), and of the sketches each bucket that holds anything, behind a head of 8 bytes: sketch
// u16, whether large cells follow u16, bucket u32.

import { WINDOW, WINDOW_BYTES } from './layout';
import { leaveRow, leftCount, leftRows } from './left-addresses';
import {
  addLargeCell,
  addPackedCells,
  ALL_CELL,
  bucketAt,
  bucketsOf,
  cellsOf,
  isUsed,
  largeAt,
  ROWS,
  SKETCHES,
  use,
  largeCells,
} from './sketch';
import { settleSketches } from './sketch-log';

const HEAD_BYTES: usize = 8;
const ROW_BYTES: usize = 72;

let sketch: u32 = 0;
let number: u32 = 0;
let row: u32 = 0;

export function beginLeftExport(): void {
  sketch = 0;
  number = 0;
  row = 0;
}

function bytesOf(ofSketch: u32, bucket: usize): usize {
  return HEAD_BYTES + (cellsOf(ofSketch) << 3) + (largeAt(bucket) ? cellsOf(ofSketch) << 4 : 0);
}

function isEmpty(bucket: usize): bool {
  return !load<u64>(bucket + (ALL_CELL << 3)) && !largeAt(bucket);
}

/** Bytes of all buckets that hold anything. */
export function sketchBytes(): u32 {
  settleSketches();
  let bytes: usize = 0;
  for (let each: u32 = 0; each < SKETCHES; each++) {
    if (!isUsed(each)) continue;
    for (let i: u32 = 0; i < ROWS * bucketsOf(each); i++) {
      const bucket = bucketAt(each, i);
      if (!isEmpty(bucket)) bytes += bytesOf(each, bucket);
    }
  }
  return <u32>bytes;
}

/** Copies buckets to the window. Returns their bytes; 0: all are out. */
export function exportSketches(): u32 {
  let to = WINDOW;
  for (; sketch < SKETCHES; sketch++, number = 0) {
    if (!isUsed(sketch)) continue;
    for (; number < ROWS * bucketsOf(sketch); number++) {
      const bucket = bucketAt(sketch, number);
      if (isEmpty(bucket)) continue;
      if (to + bytesOf(sketch, bucket) > WINDOW + WINDOW_BYTES) return <u32>(to - WINDOW);
      to = exportBucket(bucket, to);
    }
  }
  return <u32>(to - WINDOW);
}

function exportBucket(bucket: usize, to: usize): usize {
  const large = largeAt(bucket);
  const cells = cellsOf(sketch);
  store<u16>(to, sketch);
  store<u16>(to, large ? 1 : 0, 2);
  store<u32>(to, number, 4);
  to += HEAD_BYTES;
  memory.copy(to, bucket, cells << 3);
  // Where the large cells lie says nothing elsewhere.
  store<u64>(to, 0, LARGE_OFFSET);
  to += cells << 3;
  if (!large) return to;
  memory.copy(to, large, cells << 4);
  return to + (cells << 4);
}

const LARGE_OFFSET: usize = 24;

/**
 * Adds the buckets that lie in the window, the last of which may be cut. Returns the bytes of the whole ones;
 * -1: no buckets.
 */
export function importSketches(bytes: u32): i32 {
  const end = WINDOW + <usize>bytes;
  let at = WINDOW;
  while (at + HEAD_BYTES <= end) {
    const which = <u32>load<u16>(at);
    const large = <u32>load<u16>(at, 2);
    const place = load<u32>(at, 4);
    if (which >= SKETCHES || large > 1 || place >= ROWS * bucketsOf(which)) return -1;
    const packed = at + HEAD_BYTES;
    const next = packed + (cellsOf(which) << 3) + (large ? cellsOf(which) << 4 : 0);
    if (next > end) break;
    importBucket(which, place, packed, large != 0);
    at = next;
  }
  return <i32>(at - WINDOW);
}

function importBucket(which: u32, place: u32, packed: usize, large: bool): void {
  use(which);
  const bucket = bucketAt(which, place);
  addPackedCells(which, bucket, packed);
  if (!large) return;
  const from = packed + (cellsOf(which) << 3);
  const to = largeCells(which, bucket);
  for (let i: usize = 0; i < cellsOf(which); i++)
    addLargeCell(to + (i << 4), load<u64>(from + (i << 4)), load<u64>(from + (i << 4), 8));
}

/** Copies rows of addresses to the window. Returns how many; 0: all are out. */
export function exportLeftRows(): u32 {
  const count = min<u32>(leftCount - row, <u32>(WINDOW_BYTES / ROW_BYTES));
  memory.copy(WINDOW, leftRows + <usize>row * ROW_BYTES, <usize>count * ROW_BYTES);
  row += count;
  return count;
}

/** Adds rows of addresses that lie in the window; false: one of them is none. */
export function importLeftRows(count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const at = WINDOW + <usize>i * ROW_BYTES;
    const version = load<u64>(at, 16);
    const four = version == 4 && !load<u64>(at) && !(load<u64>(at, 8) >> 32);
    if (!four && version != 6) return false;
    leaveRow(at);
  }
  return true;
}
