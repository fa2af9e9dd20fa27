// Interface statistics blocks: what the capturing machine says that it has received and lost. Counts run from
// the start of the capture, so of an interface the highest counts; sections have interfaces of their own,
// which add up.
//
//   row, 32 bytes   which counts were told u32 | interface u32 | received u64 | dropped u64 | dropped by the system u64

import { reserve } from './arena';
import { read32 } from './classic';
import {
  add,
  INTERFACES_MAX,
  SECTIONS_SEEN,
  STATISTICS_LAST,
  STATISTICS_LEADING,
  STATISTICS_SUMS,
  STATISTICS_TOLD,
  WINDOW,
} from './layout';
import { big } from './status';

const ROW_BYTES: usize = 32;
const COUNTS: u32 = 3;

/** Rows by interface: of the section in which this scan began, and of the section in force. 0: none was met. */
let leading: usize = 0;
let current: usize = 0;
/** Rows of each table that may tell something: the highest interface that was met, and one. */
let rowsUsed: u32 = 0;

export function beginStatistics(): void {
  leading = 0;
  current = 0;
  rowsUsed = 0;
}

/** Rows of the section that went on, or of the last one; 0: none was met. */
export function statisticsAt(last: bool): usize {
  return last ? current : leading;
}

export function statisticsRows(): u32 {
  return rowsUsed;
}

/**
 * Reads a block of which all bytes are there. Whether its interface was described does not matter: a chunk of
 * the file may begin behind the description.
 */
export function statisticsBlock(at: usize, length: u32): void {
  const number = length < 24 ? INTERFACES_MAX : read32(at + 8);
  if (number >= INTERFACES_MAX) return;
  const end = at + <usize>length - 4;
  for (let option = at + 20; option + 4 <= end; ) {
    const word = read32(option);
    const code = big ? word >> 16 : word & 0xffff;
    const size = <usize>(big ? word & 0xffff : word >> 16);
    if (code == 0 || option + 4 + size > end) break;
    const count: u32 = code == 4 ? 0 : code == 5 ? 1 : code == 7 ? 2 : COUNTS;
    if (count < COUNTS && size >= 8) {
      const value = load<u64>(option, 4);
      raise(load<u64>(SECTIONS_SEEN) != 0, number, count, big ? bswap<u64>(value) : value);
    }
    option += 4 + ((size + 3) & ~3);
  }
}

function raise(inForce: bool, number: u32, count: u32, value: u64): void {
  if (inForce && !current) current = reserve(<usize>INTERFACES_MAX * ROW_BYTES);
  if (!inForce && !leading) leading = reserve(<usize>INTERFACES_MAX * ROW_BYTES);
  const row = (inForce ? current : leading) + <usize>number * ROW_BYTES;
  if (number >= rowsUsed) rowsUsed = number + 1;
  store<u32>(row, load<u32>(row) | (1 << count));
  store<u32>(row, number, 4);
  const cell = row + 8 + (<usize>count << 3);
  if (value > load<u64>(cell)) store<u64>(cell, value);
}

/** Adds up the rows of a table, which are then none. */
function sum(table: usize): void {
  if (!table) return;
  for (let row = table; row < table + <usize>rowsUsed * ROW_BYTES; row += ROW_BYTES) {
    const told = load<u32>(row);
    if (!told) continue;
    store<u64>(STATISTICS_TOLD, load<u64>(STATISTICS_TOLD) | <u64>told);
    for (let count: usize = 0; count < COUNTS; count++)
      add(STATISTICS_SUMS + (count << 3), load<u64>(row + 8 + (count << 3)));
    memory.fill(row, 0, ROW_BYTES);
  }
}

/** A section begins: what was told of the one before is its last word. */
export function endSection(): void {
  if (load<u64>(SECTIONS_SEEN)) sum(current);
}

/** Another file begins: what is told of it counts for itself. */
export function clearStatistics(): void {
  sum(leading);
  sum(current);
  store<u64>(STATISTICS_TOLD, 0);
  memory.fill(STATISTICS_SUMS, 0, COUNTS << 3);
  rowsUsed = 0;
}

/** Copies the rows of the section that went on, or of the last one, to the window. The totals tell how many. */
export function exportStatistics(last: bool): void {
  const table = last ? current : leading;
  let rows: u64 = 0;
  if (table) {
    for (let row = table; row < table + <usize>rowsUsed * ROW_BYTES; row += ROW_BYTES) {
      if (load<u32>(row)) memory.copy(WINDOW + <usize>(rows++) * ROW_BYTES, row, ROW_BYTES);
    }
  }
  store<u64>(last ? STATISTICS_LAST : STATISTICS_LEADING, rows);
}

/**
 * Adds rows that lie in the window: first those of the section that went on, then those of the last one.
 * Asked before sections are counted. False: one of them is none.
 */
export function importStatistics(leadingRows: u32, lastRows: u32, sections: bool): bool {
  const inForce = load<u64>(SECTIONS_SEEN) != 0;
  for (let i: u32 = 0; i < leadingRows; i++) if (!take(WINDOW + <usize>i * ROW_BYTES, inForce)) return false;
  if (sections) endSection();
  for (let i = leadingRows; i < leadingRows + lastRows; i++)
    if (!take(WINDOW + <usize>i * ROW_BYTES, true)) return false;
  return true;
}

function take(row: usize, inForce: bool): bool {
  const number = load<u32>(row, 4);
  if (number >= INTERFACES_MAX || load<u32>(row) >= 1 << COUNTS) return false;
  for (let count: u32 = 0; count < COUNTS; count++)
    if (load<u32>(row) & (1 << count)) raise(inForce, number, count, load<u64>(row + 8 + (<usize>count << 3)));
  return true;
}
