// What a chunk that begins in the middle of a capture keeps of a conversation, so that whoever knows the
// state before it can say what a scan from the beginning would have counted: the first packets, the state
// after them, and the segments whose kind depends on a round trip or a time from before. Once the state after
// the first packets is the same from either start, all that the chunk counted behind them is right.
//
//   head, 40 bytes   first run u32 | last run u32 | items u32 | late items u32 | the opening SYN's seq u32 | snapshot u32
//                    | cut u8 | in order u8 | seen a to b u8 | seen b to a u8 | bits u32
//   run              next u32 | items u32 | items
//   item, 32 bytes   time i64 | seq u32 | ack u32 | length u32 | window u32 | id u16 | flags u8 | kind u8 | 4 unused
//   late item        time i64 | time of the highest segment i64 | 11 unused | kind u8

import {
  ATTEMPTS,
  BITS,
  cutFresh,
  DIRECTION_BYTES,
  DUPLICATES_SHIFT,
  endless,
  ESTABLISHED,
  freeTroubleOf,
  HANDSHAKES,
  HAS_ACK,
  HAS_BEYOND,
  HAS_NEXT,
  IDLE_MAX,
  IN_FLIGHT_A,
  LOG,
  NEXT,
  NEXT_TIME,
  PHASE,
  ROUND_TRIP_MAX,
  ROUND_TRIP_MIN,
  ROUND_TRIPS,
  SYN_ACK_SEEN,
  SYN_ACK_SUM,
  SYN_SEEN,
  TROUBLE,
  UNKNOWN,
  WAS_KEEP_ALIVE,
  WAS_PROBE,
} from './tcp-state';

export const LOG_FIRST: usize = 0;
export const LOG_LAST: usize = 4;
export const LOG_ITEMS: usize = 8;
export const LOG_LATE: usize = 12;
export const LOG_OPENING: usize = 16;
export const LOG_SNAPSHOT: usize = 20;
export const LOG_CUT: usize = 24;
const LOG_IN_ORDER: usize = 25;
const LOG_SEEN: usize = 26;
export const LOG_BITS: usize = 28;
const LOG_BYTES: usize = 48;

/** The highest segment of a direction came before the chunk, or as its first: when, is not known. */
export const UNSURE_A: u32 = 1;
export const UNSURE_B: u32 = 2;
/** A connection opened in the chunk: from there on nothing depends on what came before. */
export const OPENED: u32 = 4;
/** That was behind the log, from a to b or from b to a, by a SYN of LOG_OPENING. */
export const OPENED_A: u32 = 8;
export const OPENED_B: u32 = 16;

export const ITEM_BYTES: usize = 32;
const RUN_ITEMS: u32 = 8;
const RUN_BYTES: usize = 8 + 8 * 32;
/** What the next packet needs of a block: all that stands before its sums. */
export const STATE_BYTES: usize = 160;

// Bits of an item's kind.
export const ITEM_BACK: u32 = 1;
export const ITEM_LATE: u32 = 2;
/** NEXT_TIME of the time that the state before the chunk knows. */
export const ITEM_UNSURE: u32 = 4;

/** A log ends when both directions have been seen and their segments come in order, */
const ITEMS_MIN: u32 = 8;
const SEEN_MIN: u32 = 2;
const IN_ORDER_MIN: u32 = 4;
/** and at so many packets at the latest: the head of the chunk is scanned again where they were too few. */
const ITEMS_MAX: u32 = 128;

export function beginLog(block: usize): void {
  const log = cutFresh(LOG_BYTES);
  memory.fill(log, 0, LOG_BYTES);
  store<u32>(block, <u32>log, LOG);
}

function newItem(log: usize): usize {
  const last = <usize>load<u32>(log, LOG_LAST);
  if (last && load<u32>(last, 4) < RUN_ITEMS) {
    const number = load<u32>(last, 4);
    store<u32>(last, number + 1, 4);
    return last + 8 + <usize>number * ITEM_BYTES;
  }
  const run = cutFresh(RUN_BYTES);
  store<u32>(run, 0);
  store<u32>(run, 1, 4);
  if (last) store<u32>(last, <u32>run);
  else store<u32>(log, <u32>run, LOG_FIRST);
  store<u32>(log, <u32>run, LOG_LAST);
  return run + 8;
}

/** Takes a segment into the log of its conversation, before it changes the state; or ends the log. */
export function note(
  block: usize,
  back: bool,
  time: i64,
  seq: u32,
  ack: u32,
  length: u32,
  win: u32,
  flags: u32,
  id: u32,
): void {
  const log = <usize>load<u32>(block, LOG);
  if (load<u8>(log, LOG_CUT)) return;
  const items = load<u32>(log, LOG_ITEMS);
  if (!endless && (items >= ITEMS_MAX || isCalm(block, log, items))) return cut(block, log);
  const own = block + (back ? DIRECTION_BYTES : 0);
  const peer = block + (back ? 0 : DIRECTION_BYTES);
  const seen = log + LOG_SEEN + (back ? 1 : 0);
  if (load<u8>(seen) < 255) store<u8>(seen, load<u8>(seen) + 1);
  const inOrder =
    load<u8>(own, BITS) & HAS_NEXT && seq == load<u32>(own, NEXT) && !(load<u8>(peer, BITS) & HAS_BEYOND);
  const before = <u32>load<u8>(log, LOG_IN_ORDER);
  store<u8>(log, inOrder ? min<u32>(before + 1, 255) : 0, LOG_IN_ORDER);
  const item = newItem(log);
  store<u32>(log, items + 1, LOG_ITEMS);
  store<i64>(item, time);
  store<u32>(item, seq, 8);
  store<u32>(item, ack, 12);
  store<u32>(item, length, 16);
  store<u32>(item, win, 20);
  store<u16>(item, id, 24);
  store<u8>(item, flags, 26);
  store<u8>(item, back ? ITEM_BACK : 0, 27);
  store<u32>(item, 0, 28);
}

/** Whether what is counted now will be told by the log. */
// @ts-ignore: decorator
@inline
export function isLogging(block: usize): bool {
  const log = <usize>load<u32>(block, LOG);
  return log != 0 && !load<u8>(log, LOG_CUT);
}

/** Whether the state hardly depends any more on what came before the chunk. */
function isCalm(block: usize, log: usize, items: u32): bool {
  if (items < ITEMS_MIN || load<u8>(log, LOG_IN_ORDER) < IN_ORDER_MIN) return false;
  if (load<u8>(log, LOG_SEEN) < SEEN_MIN || load<u8>(log, LOG_SEEN + 1) < SEEN_MIN) return false;
  const phase = load<u8>(block, PHASE);
  if (phase == SYN_SEEN || phase == SYN_ACK_SEEN) return false;
  const a = <u32>load<u8>(block, BITS);
  const b = <u32>load<u8>(block + DIRECTION_BYTES, BITS);
  if (!(a & b & HAS_ACK)) return false;
  return !((a | b) & (WAS_KEEP_ALIVE | WAS_PROBE)) && (a | b) >> DUPLICATES_SHIFT == 0;
}

/** Ends the log: the state is kept as it is, and what was counted so far is forgotten, since the log tells it. */
function cut(block: usize, log: usize): void {
  store<u8>(log, 1, LOG_CUT);
  const snapshot = cutFresh(STATE_BYTES);
  memory.copy(snapshot, block, STATE_BYTES);
  store<u32>(snapshot, load<u32>(log, LOG_BITS), IN_FLIGHT_A);
  store<u32>(snapshot, 0, TROUBLE);
  store<u32>(log, <u32>snapshot, LOG_SNAPSHOT);
  forgetSums(block);
}

export function forgetSums(block: usize): void {
  freeTroubleOf(block);
  store<i64>(block, 0, IDLE_MAX);
  store<u64>(block, 0, IN_FLIGHT_A);
  store<u32>(block, 0, ATTEMPTS);
  store<u32>(block, 0, ESTABLISHED);
  store<u32>(block, 0, HANDSHAKES);
  memory.fill(block + SYN_ACK_SUM, 0, 24);
  store<u32>(block, 0, ROUND_TRIPS);
  store<i64>(block, UNKNOWN, ROUND_TRIP_MIN);
  store<i64>(block, UNKNOWN, ROUND_TRIP_MAX);
}

/** The highest segment of a direction has come. */
export function noteNext(block: usize, back: bool, known: bool): void {
  const bits = <usize>load<u32>(block, LOG) + LOG_BITS;
  const unsure = back ? UNSURE_B : UNSURE_A;
  if (known || load<u32>(bits) & OPENED) store<u32>(bits, load<u32>(bits) & ~unsure);
  else store<u32>(bits, load<u32>(bits) | unsure);
}

/** A connection opens, by a SYN that is not the one which the state before the chunk may know. */
export function noteOpening(block: usize, back: bool, seq: u32): void {
  const log = <usize>load<u32>(block, LOG);
  const bits = load<u32>(log, LOG_BITS);
  if (bits & OPENED) return;
  let opened = (bits & ~(UNSURE_A | UNSURE_B)) | OPENED;
  if (load<u8>(log, LOG_CUT)) {
    opened |= back ? OPENED_B : OPENED_A;
    store<u32>(log, seq, LOG_OPENING);
  }
  store<u32>(log, opened, LOG_BITS);
}

/** A segment that is late or sent again, which the round trip tells. True: it is not known in this chunk. */
export function noteLate(block: usize, back: bool, time: i64): bool {
  const log = <usize>load<u32>(block, LOG);
  const bits = load<u32>(log, LOG_BITS);
  if (!load<u8>(log, LOG_CUT) || bits & OPENED) return false;
  const unsure = bits & (back ? UNSURE_B : UNSURE_A);
  const item = newItem(log);
  store<u32>(log, load<u32>(log, LOG_LATE) + 1, LOG_LATE);
  store<i64>(item, time);
  store<i64>(item, load<i64>(block + (back ? DIRECTION_BYTES : 0), NEXT_TIME), 8);
  store<u64>(item, 0, 16);
  store<u64>(item, 0, 24);
  store<u8>(item, (back ? ITEM_BACK : 0) | ITEM_LATE | (unsure ? ITEM_UNSURE : 0), 27);
  return true;
}
