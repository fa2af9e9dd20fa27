// Packets and bytes per interval. Row r holds the times from r to r+1 intervals after 1970. Rows live in a
// ring, so they need no base; when first and last row are too far apart, neighbours are added together and
// the interval doubles. What remains depends on the first and last time alone, so every split of a file ends
// with the same rows. Where the health of TCP is told, a second ring has its rows, with the same numbers.

import { release, reserve, reserveReused } from './arena';
import { add, I64_MAX, I64_MIN, SERIES, SERIES_LOW, SERIES_ROWS, SERIES_ROWS_MAX, SERIES_SHIFT, SERIES_TWIN } from './layout';

export let interval: i64 = 0;

/** Counts of an interval of TCP's health: u64 each, 11 of them. */
export const HEALTH_ATTEMPTS: usize = 0;
export const HEALTH_REFUSED: usize = 8;
export const HEALTH_RESETS: usize = 16;
/** Four kinds of old segments, in the order of tcp-state.ts. */
export const HEALTH_OLD: usize = 24;
export const HEALTH_OLD_REPEATED: usize = 56;
export const HEALTH_DUPLICATE_ACKS: usize = 64;
export const HEALTH_ZERO_WINDOWS: usize = 72;
export const HEALTH_GAPS: usize = 80;
export const HEALTH_ROW_BYTES: usize = 88;

/** The ring of these rows; 0: they are not counted. */
export let healthAt: usize = 0;

// The row of the last packet, and the times that belong to it.
let rowFrom: i64 = 0;
let rowTo: i64 = 0;
let row: usize = 0;

export function beginSeries(ns: i64): void {
  interval = ns;
  healthAt = 0;
  rowTo = rowFrom = 0;
}

/** The health of TCP is told by intervals, where there are any. To be asked before packets come. */
export function beginHealth(): void {
  if (interval) healthAt = reserve(<usize>SERIES_ROWS_MAX * HEALTH_ROW_BYTES);
}

// @ts-ignore: decorator
@inline
function place(number: i64): usize {
  return SERIES + (<usize>(<u32>number & 0xffff) << 4);
}

/** Empties the rows that were counted. */
export function clearSeries(): void {
  const rows = <usize>load<i64>(SERIES_ROWS);
  const from = place(load<i64>(SERIES_LOW));
  const straight = min(rows, (SERIES_TWIN - from) >> 4);
  memory.fill(from, 0, straight << 4);
  memory.fill(SERIES, 0, (rows - straight) << 4);
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
  if (healthAt) coarsenHealth(low, rows);
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

// @ts-ignore: decorator
@inline
function healthPlace(number: i64): usize {
  return healthAt + <usize>(<u32>number & 0xffff) * HEALTH_ROW_BYTES;
}

function coarsenHealth(low: i64, rows: i64): void {
  const bytes = <usize>SERIES_ROWS_MAX * HEALTH_ROW_BYTES;
  const old = reserveReused(bytes);
  memory.copy(old, healthAt, bytes);
  memory.fill(healthAt, 0, bytes);
  for (let i: i64 = 0; i < rows; i++)
    addCells(healthPlace((low + i) >> 1), old + <usize>(<u32>(low + i) & 0xffff) * HEALTH_ROW_BYTES);
  release(old, bytes);
}

function addCells(to: usize, from: usize): void {
  for (let cell: usize = 0; cell < HEALTH_ROW_BYTES; cell += 8) add(to + cell, load<u64>(from + cell));
}

/**
 * Counts one in the interval of a packet that the series has. The outermost times say that there is none, or
 * none in 64 bits.
 */
export function countHealth(time: i64, cell: usize): void {
  if (time <= I64_MIN + 1 || time >= I64_MAX - 1) return;
  add(healthPlace(floorDivide(time, interval)) + cell, 1);
}

/** Where the counts of a row are; 0: nothing was counted there. */
export function healthRow(number: i64): usize {
  const row = healthPlace(number);
  for (let cell: usize = 0; cell < HEALTH_ROW_BYTES; cell += 8) if (load<u64>(row + cell)) return row;
  return 0;
}

/** Adds the counts of a row, counted in intervals doubled `shift` times; false: the series has no such row. */
export function addHealth(number: i64, shift: u64, from: usize): bool {
  if (!healthAt || shift > load<u64>(SERIES_SHIFT)) return false;
  const here = number >> <i64>(load<u64>(SERIES_SHIFT) - shift);
  const low = load<i64>(SERIES_LOW);
  if (here < low || here >= low + load<i64>(SERIES_ROWS)) return false;
  addCells(healthPlace(here), from);
  return true;
}
