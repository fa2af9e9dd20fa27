// The state of TCP conversations leaves and enters as flat bytes:
//
//   8 packets whose flags, 8 packets whose window was not captured, 8 how many rows of health, 8 how often
//   their interval was doubled; rows of health by time: 8 number | counts (series.ts), where there are any;
//   then a row for each conversation: 32 key, as an IPv6 entry has it; an IPv4 key has both addresses in its
//   first word | 8 ports and kind, bit 40 set for IPv6
//   | form u32 | items u32 | late items u32 | bits u32 | the opening SYN's seq u32 | 1 where there is trouble u32
//   form 0, the log is all: items
//   form 1, a chunk in the middle: items, the state behind them, late items, block, trouble
//   form 2, all of it was scanned from a known state: block, trouble
//   form 3, a state alone, from which a chunk is scanned again: block

import { release, reserveReused } from './arena';
import { NETWORKS_SHIFT, portsOf } from './entries';
import { SERIES_LOW, SERIES_ROWS, SERIES_ROWS_MAX, SERIES_SHIFT } from './layout';
import { hash4 } from './hash';
import { importedNumber, NO_PATH } from './paths';
import { addHealth, HEALTH_ROW_BYTES, healthAt, healthRow } from './series';
import { find4, find6, index, indexSlots, seek } from './table';

import {
  forgetSums,
  ITEM_BYTES,
  ITEM_LATE,
  LOG_BITS,
  LOG_CUT,
  LOG_FIRST,
  LOG_ITEMS,
  LOG_LATE,
  LOG_OPENING,
  LOG_SNAPSHOT,
  STATE_BYTES,
} from './tcp-log';
import { addRow, isSettled } from './tcp-merge';
import {
  addUncaptured,
  addWindowless,
  BLOCK_BYTES,
  blockCell,
  blockOf,
  clearBlock,
  LOG,
  newBlock,
  TROUBLE,
  TROUBLE_BYTES,
  uncaptured,
  windowless,
} from './tcp-state';
import {
  FORM_LOG,
  FORM_PIECE,
  FORM_STATE,
  FORM_WHOLE,
  isValidRow,
  LEAST_ROW_BYTES,
  ROW_BITS,
  ROW_BLOCK_BYTES,
  ROW_FORM,
  ROW_HEAD,
  ROW_ITEMS,
  ROW_LATE,
  ROW_OPENING,
  ROW_PORTS,
  ROW_TROUBLE,
  rowBytes,
  SIX,
} from './tcp-rows';

const SECTION_HEAD: usize = 32;
const HEALTH_BYTES: usize = 8 + HEALTH_ROW_BYTES;

function formOf(block: usize): u32 {
  const log = <usize>load<u32>(block, LOG);
  if (!log) return FORM_WHOLE;
  return load<u8>(log, LOG_CUT) ? FORM_PIECE : FORM_LOG;
}

function bytesOf(block: usize): usize {
  const log = <usize>load<u32>(block, LOG);
  const items = log ? load<u32>(log, LOG_ITEMS) : 0;
  const late = log ? load<u32>(log, LOG_LATE) : 0;
  return rowBytes(formOf(block), items, late, load<u32>(block, TROUBLE) != 0);
}

/** Rows of the series in which something was counted. */
function healthRows(): u32 {
  let rows: u32 = 0;
  const low = load<i64>(SERIES_LOW);
  const end = healthAt ? low + load<i64>(SERIES_ROWS) : low;
  for (let number = low; number < end; number++) if (healthRow(number)) rows++;
  return rows;
}

function writeHealth(to: usize): usize {
  const low = load<i64>(SERIES_LOW);
  const end = healthAt ? low + load<i64>(SERIES_ROWS) : low;
  for (let number = low; number < end; number++) {
    const row = healthRow(number);
    if (!row) continue;
    store<i64>(to, number);
    memory.copy(to + 8, row, HEALTH_ROW_BYTES);
    to += HEALTH_BYTES;
  }
  return to;
}

/** Bytes of all that is to be exported. */
export function tcpBytes(): u64 {
  let bytes: u64 = <u64>SECTION_HEAD + <u64>healthRows() * HEALTH_BYTES;
  for (let i: u32 = 0; i < indexSlots; i++) {
    const reference = <usize>load<u32>(index + (<usize>i << 3));
    const block = reference ? blockOf(reference) : 0;
    if (block) bytes += <u64>bytesOf(block);
  }
  return bytes;
}

let room: usize = 0;
let roomBytes: usize = 0;

/** Where so many bytes go, or lie, until tcpDone(). */
export function tcpRoom(bytes: usize): usize {
  roomBytes = (bytes + 63) & ~63;
  room = reserveReused(roomBytes);
  return room;
}

export function tcpDone(): void {
  if (room) release(room, roomBytes);
  room = 0;
}

/** Writes all of it to the room, which has tcpBytes(). */
export function exportTcp(): void {
  store<u64>(room, uncaptured);
  store<u64>(room, windowless, 8);
  let to = writeHealth(room + SECTION_HEAD);
  store<u64>(room, <u64>((to - room - SECTION_HEAD) / HEALTH_BYTES), 16);
  store<u64>(room, load<u64>(SERIES_SHIFT), 24);
  for (let i: u32 = 0; i < indexSlots; i++) {
    const reference = <usize>load<u32>(index + (<usize>i << 3));
    const block = reference ? blockOf(reference) : 0;
    if (block) to = writeRow(reference, block, to);
  }
}

function writeKey(reference: usize, to: usize): void {
  const entry = reference & ~1;
  memory.fill(to, 0, ROW_HEAD);
  memory.copy(to, entry + 32, reference & 1 ? 32 : 8);
  store<u64>(to, portsOf(reference) | (reference & 1 ? SIX : 0), ROW_PORTS);
}

function writeRow(reference: usize, block: usize, to: usize): usize {
  const form = formOf(block);
  const log = <usize>load<u32>(block, LOG);
  const trouble = <usize>load<u32>(block, TROUBLE);
  writeKey(reference, to);
  store<u32>(to, form, ROW_FORM);
  if (log) {
    store<u32>(to, load<u32>(log, LOG_ITEMS), ROW_ITEMS);
    store<u32>(to, load<u32>(log, LOG_LATE), ROW_LATE);
    store<u32>(to, load<u32>(log, LOG_BITS), ROW_BITS);
    store<u32>(to, load<u32>(log, LOG_OPENING), ROW_OPENING);
  }
  store<u32>(to, trouble && form != FORM_LOG ? 1 : 0, ROW_TROUBLE);
  to = writeItems(log, 0, to + ROW_HEAD);
  if (form == FORM_LOG) return to;
  if (form == FORM_PIECE) {
    memory.copy(to, <usize>load<u32>(log, LOG_SNAPSHOT), STATE_BYTES);
    to = writeItems(log, ITEM_LATE, to + STATE_BYTES);
  }
  to = writeBlock(block, to);
  if (!trouble) return to;
  memory.copy(to, trouble, TROUBLE_BYTES);
  return to + TROUBLE_BYTES;
}

/** Addresses stay here. */
function writeBlock(block: usize, to: usize): usize {
  memory.copy(to, block, ROW_BLOCK_BYTES);
  store<u32>(to, 0, LOG);
  store<u32>(to, 0, TROUBLE);
  return to + ROW_BLOCK_BYTES;
}

/** Items of a log that are late, or those that are not. */
function writeItems(log: usize, late: u32, to: usize): usize {
  if (!log) return to;
  for (let run = <usize>load<u32>(log, LOG_FIRST); run; run = <usize>load<u32>(run)) {
    const end = run + 8 + <usize>load<u32>(run, 4) * ITEM_BYTES;
    for (let item = run + 8; item < end; item += ITEM_BYTES) {
      if ((<u32>load<u8>(item, 27) & ITEM_LATE) != late) continue;
      memory.copy(to, item, ITEM_BYTES);
      to += ITEM_BYTES;
    }
  }
  return to;
}

/** The ports of a row with the number that its networks have here; 0: they are none. */
function portsHere(row: usize): u64 {
  const ports = load<u64>(row, ROW_PORTS) & ~SIX;
  const networks = importedNumber(<u32>(ports >> NETWORKS_SHIFT));
  if (networks == NO_PATH) return 0;
  return (ports & ((1 << NETWORKS_SHIFT) - 1)) | (<u64>networks << NETWORKS_SHIFT);
}

function isSix(row: usize): bool {
  return (load<u64>(row, ROW_PORTS) & SIX) != 0;
}

/** The entry of a row's key; 0: there is none. */
function entryOf(row: usize): usize {
  return seek(isSix(row), portsHere(row), load<u64>(row), load<u64>(row, 8), load<u64>(row, 16), load<u64>(row, 24));
}

/** Whether all that lies in the room can be taken. */
function isValid(at: usize, end: usize): bool {
  while (at < end) {
    if (end - at < LEAST_ROW_BYTES || !isValidRow(at, end) || !portsHere(at)) return false;
    at += bytesOfRow(at);
  }
  return true;
}

function bytesOfRow(row: usize): usize {
  return rowBytes(load<u32>(row, ROW_FORM), load<u32>(row, ROW_ITEMS), load<u32>(row, ROW_LATE), load<u32>(row, ROW_TROUBLE) != 0);
}

/** Where the rows of conversations begin in so many bytes of the room; 0: the bytes are none. */
function rowsAt(bytes: usize): usize {
  if (bytes < SECTION_HEAD) return 0;
  const rows = load<u64>(room, 16);
  if (rows > <u64>SERIES_ROWS_MAX || <u64>(bytes - SECTION_HEAD) < rows * HEALTH_BYTES) return 0;
  const at = room + SECTION_HEAD + <usize>rows * HEALTH_BYTES;
  return isValid(at, room + bytes) ? at : 0;
}

/** Adds so many bytes of the room to what was counted before; false: they are none. Their entries are there. */
export function importTcp(bytes: usize): bool {
  const rows = rowsAt(bytes);
  if (!rows) return false;
  const end = room + bytes;
  addUncaptured(load<u64>(room));
  addWindowless(load<u64>(room, 8));
  for (let health = room + SECTION_HEAD; health < rows; health += HEALTH_BYTES)
    if (!addHealth(load<i64>(health), load<u64>(room, 24), health + 8)) return false;
  for (let row = rows; row < end; row += bytesOfRow(row)) {
    const reference = entryOf(row);
    if (!reference) continue;
    let block = blockOf(reference);
    if (!block) {
      block = newBlock();
      store<u32>(blockCell(reference), <u32>block);
    }
    addRow(block, row);
  }
  return true;
}

const scratch = memory.data(256, 64);
/** Bytes at the start of the room, after checkTcp(): rows of form 3 for conversations that do not settle. */
export let unsettledBytes: usize = 0;

/**
 * Looks, before anything of the room is added, whether each log settles from the state that is known here.
 * What lay in the room is there no more.
 * @returns how many do not; -1: the bytes are none
 */
export function checkTcp(bytes: usize): i32 {
  const rows = rowsAt(bytes);
  if (!rows) return -1;
  const end = room + bytes;
  let count: i32 = 0;
  let to = room;
  for (let row = rows; row < end; ) {
    const next = row + bytesOfRow(row);
    if (!settles(row)) {
      // A row that may not settle is longer than the state in its place, so that no row behind it is written over.
      to = writeState(row, to);
      count++;
    }
    row = next;
  }
  unsettledBytes = to - room;
  return count;
}

/** Writes the state before a row, which may lie where it goes. */
function writeState(row: usize, to: usize): usize {
  const ports = portsHere(row) | (load<u64>(row, ROW_PORTS) & SIX);
  toScratch(row);
  memory.copy(to, row, ROW_PORTS);
  memory.fill(to + ROW_PORTS, 0, ROW_HEAD - ROW_PORTS);
  store<u64>(to, ports, ROW_PORTS);
  store<u32>(to, FORM_STATE, ROW_FORM);
  return writeBlock(scratch, to + ROW_HEAD);
}

/** A copy of the state before a row. */
function toScratch(row: usize): void {
  const reference = entryOf(row);
  const block = reference ? blockOf(reference) : 0;
  clearBlock(scratch);
  if (!block) return;
  memory.copy(scratch, block, BLOCK_BYTES);
  store<u32>(scratch, 0, TROUBLE);
  forgetSums(scratch);
}

function settles(row: usize): bool {
  if (load<u32>(row, ROW_FORM) != FORM_PIECE) return true;
  toScratch(row);
  return isSettled(scratch, row);
}

/** States from which conversations are scanned, in the room; false: they are none. To be asked before packets come. */
export function seedTcp(bytes: usize): bool {
  const end = room + bytes;
  if (!isValid(room, end)) return false;
  for (let row = room; row < end; row += bytesOfRow(row)) {
    if (load<u32>(row, ROW_FORM) != FORM_STATE) return false;
    const ports = portsHere(row);
    const k0 = load<u64>(row);
    const reference = isSix(row)
      ? find6(k0, load<u64>(row, 8), load<u64>(row, 16), load<u64>(row, 24), ports)
      : find4(k0, ports, hash4(k0, ports));
    if (!reference) continue;
    const block = newBlock();
    store<u32>(blockCell(reference), <u32>block);
    memory.copy(block, row + ROW_HEAD, STATE_BYTES);
    forgetSums(block);
  }
  return true;
}
