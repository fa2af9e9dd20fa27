// Puts together what chunks tell of one TCP conversation, in the order of the file.

import { FORM_LOG, FORM_STATE, FORM_WHOLE, lateOf, ROW_BITS, ROW_FORM, ROW_HEAD, ROW_ITEMS, ROW_LATE, ROW_OPENING, rowBlockOf, rowTroubleOf, snapshotOf } from './tcp-rows';
import { countOld, mute } from './tcp-counts';
import {
  ITEM_BACK,
  ITEM_BYTES,
  ITEM_UNSURE,
  OPENED,
  OPENED_A,
  OPENED_B,
  STATE_BYTES,
  UNSURE_A,
  UNSURE_B,
} from './tcp-log';
import {
  ACK,
  ATTEMPTS,
  BEYOND,
  BITS,
  CLIENT,
  DIRECTION_BYTES,
  ESTABLISHED,
  freeTroubleOf,
  GUESSED,
  HANDSHAKES,
  HAS_ACK,
  HAS_BEYOND,
  HAS_ISN,
  HAS_NEXT,
  IDLE_MAX,
  IN_FLIGHT_A,
  IN_FLIGHT_B,
  ISN,
  LAST_FLAGS,
  LAST_ID,
  LAST_LENGTH,
  LAST_SEQ,
  LAST_TIME,
  LATEST,
  NEXT,
  NEXT_TIME,
  OPENER,
  OUT_OF_ORDER,
  PHASE,
  RETRANSMITTED,
  ROUND_TRIP_MAX,
  ROUND_TRIP_MIN,
  ROUND_TRIP_SUM,
  ROUND_TRIPS,
  SYN_ACK_SEEN,
  SYN_ACK_SUM,
  SYN_SEEN,
  SYN_TIME,
  TROUBLE_CELLS,
  troubleOf,
  UNKNOWN,
  WINDOW_FIELD,
} from './tcp-state';
import { isLate, step } from './tcp-step';

/** Adds what a chunk tells of a conversation to what was counted before it; its log settles. */
export function addRow(block: usize, row: usize): void {
  const form = load<u32>(row, ROW_FORM);
  if (form == FORM_STATE) return;
  replay(block, row);
  if (form == FORM_LOG) return;
  const rest = rowBlockOf(row);
  if (form == FORM_WHOLE) takeState(block, rest);
  else {
    countLate(block, row);
    goOn(block, rest, row);
  }
  addSums(block, rest, rowTroubleOf(row));
}

/**
 * Whether the state after the log, from the one in a block, is that after the log in the chunk. The block is changed.
 */
export function isSettled(block: usize, row: usize): bool {
  mute(true);
  replay(block, row);
  mute(false);
  freeTroubleOf(block);
  const snapshot = snapshotOf(row);
  const bits = load<u32>(snapshot, IN_FLIGHT_A);
  const opened = (bits & OPENED) != 0;
  if (load<i64>(block, LATEST) != load<i64>(snapshot, LATEST)) return false;
  if (!sameDirection(block, snapshot, opened, (bits & UNSURE_A) != 0)) return false;
  if (!sameDirection(block + DIRECTION_BYTES, snapshot + DIRECTION_BYTES, opened, (bits & UNSURE_B) != 0)) return false;
  if (opened) return sameHandshake(block, snapshot);
  const phase = load<u8>(block, PHASE);
  if (phase == SYN_SEEN || phase == SYN_ACK_SEEN) return false;
  const openedBehind = load<u32>(row, ROW_BITS) & (OPENED_A | OPENED_B);
  if (!openedBehind) return true;
  const opener = block + (openedBehind & OPENED_B ? DIRECTION_BYTES : 0);
  return !(load<u8>(opener, BITS) & HAS_ISN) || load<u32>(opener, ISN) != load<u32>(row, ROW_OPENING);
}

function sameHandshake(x: usize, y: usize): bool {
  return (
    load<u8>(x, PHASE) == load<u8>(y, PHASE) &&
    load<u8>(x, OPENER) == load<u8>(y, OPENER) &&
    memory.compare(x + SYN_TIME, y + SYN_TIME, STATE_BYTES - SYN_TIME) == 0
  );
}

function sameDirection(x: usize, y: usize, opened: bool, unsure: bool): bool {
  const bits = <u32>load<u8>(x, BITS);
  const differ = bits ^ <u32>load<u8>(y, BITS);
  if (opened ? differ : differ & ~HAS_ISN) return false;
  if (opened && bits & HAS_ISN && load<u32>(x, ISN) != load<u32>(y, ISN)) return false;
  if (bits & HAS_NEXT && load<u32>(x, NEXT) != load<u32>(y, NEXT)) return false;
  if (bits & HAS_NEXT && !unsure && load<i64>(x, NEXT_TIME) != load<i64>(y, NEXT_TIME)) return false;
  if (bits & HAS_ACK && load<u32>(x, ACK) != load<u32>(y, ACK)) return false;
  if (bits & HAS_BEYOND && load<u32>(x, BEYOND) != load<u32>(y, BEYOND)) return false;
  return (
    load<i64>(x, LAST_TIME) == load<i64>(y, LAST_TIME) &&
    load<u32>(x, WINDOW_FIELD) == load<u32>(y, WINDOW_FIELD) &&
    load<u32>(x, LAST_SEQ) == load<u32>(y, LAST_SEQ) &&
    load<u32>(x, LAST_LENGTH) == load<u32>(y, LAST_LENGTH) &&
    load<u16>(x, LAST_ID) == load<u16>(y, LAST_ID) &&
    load<u8>(x, LAST_FLAGS) == load<u8>(y, LAST_FLAGS)
  );
}

function replay(block: usize, row: usize): void {
  const end = row + ROW_HEAD + <usize>load<u32>(row, ROW_ITEMS) * ITEM_BYTES;
  for (let item = row + ROW_HEAD; item < end; item += ITEM_BYTES)
    step(
      block,
      (load<u8>(item, 27) & ITEM_BACK) != 0,
      load<i64>(item),
      load<u32>(item, 8),
      load<u32>(item, 12),
      load<u32>(item, 16),
      load<u32>(item, 20),
      <u32>load<u8>(item, 26),
      <u32>load<u16>(item, 24),
    );
}

/** Segments whose kind depends on the round trip, which is known here. */
function countLate(block: usize, row: usize): void {
  const from = lateOf(row);
  const end = from + <usize>load<u32>(row, ROW_LATE) * ITEM_BYTES;
  for (let item = from; item < end; item += ITEM_BYTES) {
    const kind = <u32>load<u8>(item, 27);
    const back = (kind & ITEM_BACK) != 0;
    const highest = kind & ITEM_UNSURE ? load<i64>(block + (back ? DIRECTION_BYTES : 0), NEXT_TIME) : load<i64>(item, 8);
    const time = load<i64>(item);
    countOld(block, back, time, isLate(block, time, highest) ? OUT_OF_ORDER : RETRANSMITTED);
  }
}

/** Takes the state at the end of a chunk; of what it does not know, that of the block stays. */
function goOn(block: usize, rest: usize, row: usize): void {
  const bits = load<u32>(row, ROW_BITS);
  if (bits & OPENED) return takeState(block, rest);
  const phase = load<u8>(block, PHASE);
  const opener = load<u8>(block, OPENER);
  keepOf(block, rest, (bits & UNSURE_A) != 0);
  keepOf(block + DIRECTION_BYTES, rest + DIRECTION_BYTES, (bits & UNSURE_B) != 0);
  copyState(block, rest);
  store<u8>(block, phase, PHASE);
  store<u8>(block, opener, OPENER);
}

/** Takes a state over that knows all. */
function takeState(block: usize, from: usize): void {
  copyState(block, from);
  memory.copy(block + SYN_TIME, from + SYN_TIME, STATE_BYTES - SYN_TIME);
}

/** Puts into the end's direction what it does not know. */
function keepOf(own: usize, rest: usize, unsure: bool): void {
  store<u32>(rest, load<u32>(own, ISN), ISN);
  const isn = <u32>load<u8>(own, BITS) & HAS_ISN;
  store<u8>(rest, (<u32>load<u8>(rest, BITS) & ~HAS_ISN) | isn, BITS);
  if (unsure) store<i64>(rest, load<i64>(own, NEXT_TIME), NEXT_TIME);
}

/** Both directions, the latest time, and who the client was, unless that is known already. */
function copyState(block: usize, from: usize): void {
  memory.copy(block, from, IDLE_MAX);
  store<u8>(block, load<u8>(from, PHASE), PHASE);
  store<u8>(block, load<u8>(from, OPENER), OPENER);
  const known = load<u8>(block, CLIENT);
  if (known && (!load<u8>(block, GUESSED) || load<u8>(from, GUESSED))) return;
  store<u8>(block, load<u8>(from, CLIENT), CLIENT);
  store<u8>(block, load<u8>(from, GUESSED), GUESSED);
}

function addSums(block: usize, from: usize, trouble: usize): void {
  if (load<i64>(from, IDLE_MAX) > load<i64>(block, IDLE_MAX)) store<i64>(block, load<i64>(from, IDLE_MAX), IDLE_MAX);
  for (let at = IN_FLIGHT_A; at <= IN_FLIGHT_B; at += 4)
    store<u32>(block + at, max(load<u32>(block + at), load<u32>(from + at)));
  store<u32>(block, load<u32>(block, ATTEMPTS) + load<u32>(from, ATTEMPTS), ATTEMPTS);
  store<u32>(block, load<u32>(block, ESTABLISHED) + load<u32>(from, ESTABLISHED), ESTABLISHED);
  store<u32>(block, load<u32>(block, HANDSHAKES) + load<u32>(from, HANDSHAKES), HANDSHAKES);
  store<u32>(block, load<u32>(block, ROUND_TRIPS) + load<u32>(from, ROUND_TRIPS), ROUND_TRIPS);
  for (let at = SYN_ACK_SUM; at <= ROUND_TRIP_SUM; at += 8)
    store<i64>(block + at, load<i64>(block + at) + load<i64>(from + at));
  const least = load<i64>(from, ROUND_TRIP_MIN);
  const own = load<i64>(block, ROUND_TRIP_MIN);
  if (least != UNKNOWN && (own == UNKNOWN || least < own)) store<i64>(block, least, ROUND_TRIP_MIN);
  store<i64>(block, max(load<i64>(block, ROUND_TRIP_MAX), load<i64>(from, ROUND_TRIP_MAX)), ROUND_TRIP_MAX);
  if (!trouble) return;
  const to = troubleOf(block);
  for (let i: u32 = 0; i < TROUBLE_CELLS; i++) {
    const cell = <usize>i << 3;
    store<u64>(to + cell, load<u64>(to + cell) + load<u64>(trouble + cell));
  }
}
