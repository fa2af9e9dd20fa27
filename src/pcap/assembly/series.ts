// Packets and bytes per interval. Row r holds the times from r to r+1 intervals after 1970. Rows live in a ring, so they need
// no base; when first and last row are too far apart, neighbours are added together and the interval doubles. What remains
// depends on the first and last time alone, so every split of a file ends with the same rows.

import { add, SERIES, SERIES_LOW, SERIES_ROWS, SERIES_ROWS_MAX, SERIES_SHIFT, SERIES_TWIN } from './layout';

export let interval: i64 = 0;

// The row of the last packet, and the times that belong to it.
let rowFrom: i64 = 0;
let rowTo: i64 = 0;
let row: usize = 0;

export function beginSeries(ns: i64): void {
  interval = ns;
  rowTo = rowFrom = 0;
}

// @ts-ignore: decorator
@inline
function place(number: i64): usize {
  return SERIES + (<usize>(<u32>number & 0xffff) << 4);
}

function floorDivide(a: i64, b: i64): i64 {
  const quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

export function coarsen(): void {
  const low = load<i64>(SERIES_LOW);
  const rows = load<i64>(SERIES_ROWS);
  memory.fill(SERIES_TWIN, 0, <usize>SERIES_ROWS_MAX << 4);
  for (let i: i64 = 0; i < rows; i++) {
    const from = place(low + i);
    const to = SERIES_TWIN + (<usize>(<u32>((low + i) >> 1) & 0xffff) << 4);
    add(to, load<u64>(from));
    add(to + 8, load<u64>(from, 8));
  }
  memory.copy(SERIES, SERIES_TWIN, <usize>SERIES_ROWS_MAX << 4);
  if (rows) {
    store<i64>(SERIES_ROWS, ((low + rows - 1) >> 1) - (low >> 1) + 1);
    store<i64>(SERIES_LOW, low >> 1);
  }
  interval <<= 1;
  add(SERIES_SHIFT, 1);
  rowTo = rowFrom = 0;
}

/** Makes room for a row; its number may be halved meanwhile, so the new one is returned. */
export function include(number: i64): i64 {
  while (true) {
    const rows = load<i64>(SERIES_ROWS);
    if (!rows) {
      store<i64>(SERIES_LOW, number);
      store<i64>(SERIES_ROWS, 1);
      return number;
    }
    const low = load<i64>(SERIES_LOW);
    const from = min(low, number);
    const to = max(low + rows - 1, number);
    if (to - from < SERIES_ROWS_MAX) {
      store<i64>(SERIES_LOW, from);
      store<i64>(SERIES_ROWS, to - from + 1);
      return number;
    }
    coarsen();
    number >>= 1;
  }
}

export function addRow(number: i64, packets: u64, bytes: u64): void {
  const at = place(include(number));
  add(at, packets);
  add(at + 8, bytes);
}

// @ts-ignore: decorator
@inline
export function countInSeries(time: i64, bytes: u64): void {
  if (time < rowFrom || time >= rowTo) findRow(time);
  add(row, 1);
  add(row + 8, bytes);
}

function findRow(time: i64): void {
  const number = include(floorDivide(time, interval));
  row = place(number);
  rowFrom = number * interval;
  rowTo = rowFrom + interval;
  // At the edges of int64 the bounds may wrap; then every packet looks for its row again.
  if (rowTo < rowFrom) rowTo = rowFrom = 0;
}
