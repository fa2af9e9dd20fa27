// Entries leave and enter through the window, as flat bytes in the entries' own layout.

import {
  BACK4,
  BACK6,
  ENTRY4_BYTES,
  ENTRY6_BYTES,
  KIND_PAIR,
  NETWORKS_SHIFT,
  PORTS4,
  PORTS6,
  PORTS_MASK,
  tailBytes,
} from './entries';
import { hash4 } from './hash';
import { add, BLOCK_ROWS, FAMILIES, LINKS, mayHavePackets, noteRow, SERIES_SHIFT, WINDOW, WINDOW_BYTES } from './layout';
import { importedNumber, NO_PATH, notePath } from './paths';
import { addRow, coarsen } from './series';
import { drop, find4, find6, index, indexSlots } from './table';

let cursor: u32 = 0;

/**
 * Number of the first row with packets, from a number on, in a table of so many rows of two cells; `rows`:
 * none is left.
 */
export function nextRow(table: usize, number: u32, rows: u32): u32 {
  const inBlocks = table == LINKS || table == FAMILIES;
  while (number < rows) {
    const row = table + (<usize>number << 4);
    if (inBlocks && !(number % BLOCK_ROWS) && !mayHavePackets(row)) number += BLOCK_ROWS;
    else if (load<u64>(row)) return number;
    else number++;
  }
  return rows;
}

/** Adds to a row of such a table. */
export function importRow(table: usize, number: u32, packets: u64, bytes: u64): void {
  const row = table + (<usize>number << 4);
  if (table == LINKS || table == FAMILIES) noteRow(row);
  add(row, packets);
  add(row + 8, bytes);
}

export function beginExport(): void {
  cursor = 0;
}

/** Entries of one IP version. */
export function countEntries(six: bool): u32 {
  let count: u32 = 0;
  for (let i: u32 = 0; i < indexSlots; i++) {
    const reference = load<u32>(index + (<usize>i << 3));
    if (reference && <bool>(reference & 1) == six) count++;
  }
  return count;
}

/** Copies entries of one IP version to the window, in the order of their hashes. Returns how many; 0: all are out. */
export function exportEntries(six: bool): u32 {
  const bytes = (six ? ENTRY6_BYTES : ENTRY4_BYTES) + tailBytes;
  const most = <u32>(WINDOW_BYTES / bytes);
  let count: u32 = 0;
  let to = WINDOW;
  while (cursor < indexSlots && count < most) {
    const reference = <usize>load<u32>(index + (<usize>cursor << 3));
    cursor++;
    if (!reference || <bool>(reference & 1) != six) continue;
    memory.copy(to, reference & ~1, bytes);
    to += bytes;
    count++;
  }
  return count;
}

function kindIsValid(ports: u64): bool {
  const kind = <u32>ports & 0xff;
  if ((ports >> 40) & 3 || (!tailBytes && ports >> NETWORKS_SHIFT)) return false;
  return kind == 6 || kind == 17 || (ports & PORTS_MASK) == <u64>KIND_PAIR;
}

function keyIsValid(at: usize, six: bool): bool {
  const ports = load<u64>(at + (six ? PORTS6 : PORTS4));
  if (!kindIsValid(ports)) return false;
  const a = <u32>(ports >> 24) & 0xffff;
  const b = <u32>(ports >> 8) & 0xffff;
  if (!six) {
    const addresses = load<u64>(at, 32);
    const low = <u32>addresses;
    const high = <u32>(addresses >> 32);
    return high != low ? high < low : a <= b;
  }
  const a0 = load<u64>(at, 32);
  const b0 = load<u64>(at, 48);
  const a1 = load<u64>(at, 40);
  const b1 = load<u64>(at, 56);
  return a0 != b0 ? a0 < b0 : a1 != b1 ? a1 < b1 : a <= b;
}

// @ts-ignore: decorator
@inline
function addDirection(to: usize, from: usize): void {
  add(to, load<u64>(from));
  add(to + 8, load<u64>(from, 8));
  const first = load<i64>(from, 16);
  const last = load<i64>(from, 24);
  if (first < load<i64>(to, 16)) store<i64>(to, first, 16);
  if (last > load<i64>(to, 24)) store<i64>(to, last, 24);
}

/** Puts the numbers that paths have here into an entry of another scan; false: it has a path that is none. */
function renumber(at: usize, ports: usize, tail: usize): bool {
  const key = load<u64>(at + ports);
  const networks = importedNumber(<u32>(key >> NETWORKS_SHIFT));
  store<u64>(at + ports, (key & PORTS_MASK) | (<u64>networks << NETWORKS_SHIFT));
  const out = importedNumber(load<u32>(at + tail));
  const back = importedNumber(load<u32>(at + tail, 4));
  store<u32>(at + tail, out);
  store<u32>(at + tail, back, 4);
  return networks != NO_PATH && out != NO_PATH && back != NO_PATH;
}

/** Adds entries that lie in the window; false: one of them is no entry. */
export function importEntries(six: bool, count: u32): bool {
  const bytes = (six ? ENTRY6_BYTES : ENTRY4_BYTES) + tailBytes;
  const back = six ? BACK6 : BACK4;
  const tail = back + 32;
  let at = WINDOW;
  for (let i: u32 = 0; i < count; i++, at += bytes) {
    if (!keyIsValid(at, six)) return false;
    if (tailBytes && !renumber(at, six ? PORTS6 : PORTS4, tail)) return false;
    const reference = six
      ? find6(load<u64>(at, 32), load<u64>(at, 40), load<u64>(at, 48), load<u64>(at, 56), load<u64>(at, PORTS6))
      : find4(load<u64>(at, 32), load<u64>(at, PORTS4), hash4(load<u64>(at, 32), load<u64>(at, PORTS4)));
    if (!reference) {
      drop(at | <usize>six);
      continue;
    }
    const entry = reference & ~1;
    addDirection(entry, at);
    addDirection(entry + back, at + back);
    if (!tailBytes) continue;
    notePath(entry + tail, load<u32>(at + tail));
    notePath(entry + tail + 4, load<u32>(at + tail, 4));
  }
  return true;
}

/** Adds rows of a series that lie in the window, counted in intervals doubled `shift` times. */
export function importSeries(shift: u64, low: i64, rows: u32): void {
  while (load<u64>(SERIES_SHIFT) < shift) coarsen();
  for (let i: u32 = 0; i < rows; i++) {
    const at = WINDOW + (<usize>i << 4);
    // Adding a row may coarsen: the number is taken at the shift in force.
    addRow((low + <i64>i) >> <i64>(load<u64>(SERIES_SHIFT) - shift), load<u64>(at), load<u64>(at, 8));
  }
}
