// The form of a row in which the state of a TCP conversation crosses between instances (tcp-exchange.ts), and
// whether one is such.

import { ITEM_BYTES, STATE_BYTES } from './tcp-log';
import { CLIENT, GUESSED, OPENER, PHASE, REFUSED, TROUBLE, TROUBLE_BYTES } from './tcp-state';

export const ROW_PORTS: usize = 32;
export const ROW_FORM: usize = 40;
export const ROW_ITEMS: usize = 44;
export const ROW_LATE: usize = 48;
export const ROW_BITS: usize = 52;
export const ROW_OPENING: usize = 56;
export const ROW_TROUBLE: usize = 60;
export const ROW_HEAD: usize = 64;
/** The block as far as it has content. */
export const ROW_BLOCK_BYTES: usize = 224;
export const LEAST_ROW_BYTES: usize = ROW_HEAD;
export const SIX: u64 = 1 << 40;

export const FORM_LOG: u32 = 0;
export const FORM_PIECE: u32 = 1;
export const FORM_WHOLE: u32 = 2;
export const FORM_STATE: u32 = 3;

export function rowBytes(form: u32, items: u32, late: u32, trouble: bool): usize {
  const block: usize = form == FORM_LOG ? 0 : ROW_BLOCK_BYTES + (trouble ? TROUBLE_BYTES : 0);
  const logged = (<usize>items + <usize>late) * ITEM_BYTES + (form == FORM_PIECE ? STATE_BYTES : 0);
  return ROW_HEAD + logged + block;
}

/** Where what a row has begins: its state behind the log, its late items, its block, its trouble. */
export function snapshotOf(row: usize): usize {
  return row + ROW_HEAD + <usize>load<u32>(row, ROW_ITEMS) * ITEM_BYTES;
}

export function lateOf(row: usize): usize {
  return snapshotOf(row) + STATE_BYTES;
}

export function rowBlockOf(row: usize): usize {
  if (load<u32>(row, ROW_FORM) != FORM_PIECE) return row + ROW_HEAD;
  return lateOf(row) + <usize>load<u32>(row, ROW_LATE) * ITEM_BYTES;
}

/** 0: there is none. */
export function rowTroubleOf(row: usize): usize {
  return load<u32>(row, ROW_TROUBLE) ? rowBlockOf(row) + ROW_BLOCK_BYTES : 0;
}

const COUNT_MAX: u32 = 0x7ffffff;

/** Whether a row is one and ends where its bytes do at the latest: a worker may send anything. */
export function isValidRow(row: usize, end: usize): bool {
  const form = load<u32>(row, ROW_FORM);
  const items = load<u32>(row, ROW_ITEMS);
  const late = load<u32>(row, ROW_LATE);
  const trouble = load<u32>(row, ROW_TROUBLE);
  if (form > FORM_STATE || items > COUNT_MAX || late > COUNT_MAX || trouble > 1) return false;
  if ((form >= FORM_WHOLE && items + late > 0) || (form == FORM_LOG && (late || trouble))) return false;
  if (form == FORM_STATE && trouble) return false;
  const left = <u64>(end - row);
  if (<u64>ROW_HEAD + (<u64>items + <u64>late) * ITEM_BYTES > left) return false;
  if (<u64>rowBytes(form, items, late, trouble != 0) > left) return false;
  const ports = load<u64>(row, ROW_PORTS);
  if ((<u32>ports & 0xff) != 6 || ports & (1 << 41)) return false;
  if (form == FORM_LOG) return true;
  if (form == FORM_PIECE && !isState(snapshotOf(row))) return false;
  return isState(rowBlockOf(row));
}

function isState(at: usize): bool {
  if (load<u8>(at, PHASE) > REFUSED || load<u8>(at, CLIENT) > 2 || load<u8>(at, GUESSED) > 1) return false;
  return (load<u8>(at, OPENER) & 0x7f) <= 2 && !load<u32>(at, TROUBLE);
}
