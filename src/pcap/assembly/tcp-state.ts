// The state of TCP conversations, beside the conversation table: an entry has the address of its block behind
// it. A block:
//
//     0  direction a to b   48  direction b to a   96  what both have
//   128  times of the handshake, and counts that every conversation has   216  log (tcp-log.ts)
//
// What a packet touches lies in the first 128 bytes. Counts of what goes wrong have a block of their own,
// made when it does.

import { reserveReused } from './arena';
import { ENTRY4_BYTES, ENTRY6_BYTES, tailBytes } from './entries';
import { I64_MIN } from './layout';

/** No time: of a packet that has none, or before the first. */
export const NO_TIME: i64 = I64_MIN;
/** A duration that is not known. */
export const UNKNOWN: i64 = -1;

// Of a direction.
export const NEXT: usize = 0;
export const ACK: usize = 4;
export const ISN: usize = 8;
export const BEYOND: usize = 12;
export const NEXT_TIME: usize = 16;
export const LAST_TIME: usize = 24;
export const WINDOW_FIELD: usize = 32;
export const LAST_SEQ: usize = 36;
export const LAST_LENGTH: usize = 40;
export const LAST_ID: usize = 44;
export const LAST_FLAGS: usize = 46;
export const BITS: usize = 47;
export const DIRECTION_BYTES: usize = 48;

/** NEXT is known. */
export const HAS_NEXT: u32 = 1;
export const HAS_ACK: u32 = 2;
export const HAS_ISN: u32 = 4;
/** BEYOND is the highest ack of the peer above NEXT. */
export const HAS_BEYOND: u32 = 8;
/** The last segment was a keep-alive, or a probe of a window of zero. */
export const WAS_KEEP_ALIVE: u32 = 16;
export const WAS_PROBE: u32 = 32;
/** Duplicate ACKs in a row, up to 3, in the two bits above. */
export const DUPLICATES_SHIFT: u32 = 6;

/** A window field that was not captured. */
export const NO_WINDOW: u32 = 0x10000;

// Of both.
export const LATEST: usize = 96;
export const IDLE_MAX: usize = 104;
export const IN_FLIGHT_A: usize = 112;
export const IN_FLIGHT_B: usize = 116;
export const PHASE: usize = 120;
export const CLIENT: usize = 121;
export const GUESSED: usize = 122;
/** Of this incarnation: who opened it (1 a, 2 b), and in bit 7 whether the other end has sent anything. */
export const OPENER: usize = 123;
export const TROUBLE: usize = 124;
export const SYN_TIME: usize = 128;
export const SYN_ACK_TIME: usize = 136;
export const ROUND_TRIP: usize = 144;
export const SYN_ACK_DELAY: usize = 152;
/** Behind it stand sums; before it, what the next packet needs, and the most and the sums among it. */
export const ATTEMPTS: usize = 160;
export const ESTABLISHED: usize = 164;
export const HANDSHAKES: usize = 168;
export const LOG: usize = 172;
export const SYN_ACK_SUM: usize = 176;
export const ACK_SUM: usize = 184;
export const ROUND_TRIP_SUM: usize = 192;
export const ROUND_TRIP_MIN: usize = 200;
export const ROUND_TRIP_MAX: usize = 208;
export const ROUND_TRIPS: usize = 216;
export const BLOCK_BYTES: usize = 256;

export const ANSWERED: u32 = 0x80;

// Phases of an incarnation.
export const UNOPENED: u32 = 0;
export const SYN_SEEN: u32 = 1;
export const SYN_ACK_SEEN: u32 = 2;
export const OPEN: u32 = 3;
export const REFUSED: u32 = 4;

// Counts of trouble, u64, of a direction: that of b to a stands behind that of a to b.
export const SPURIOUS: usize = 0;
export const FAST: usize = 8;
export const OUT_OF_ORDER: usize = 16;
export const RETRANSMITTED: usize = 24;
export const OLD_REPEATED: usize = 32;
export const REPEATED: usize = 40;
export const DUPLICATE_ACKS: usize = 48;
export const ACKS_REPEATED: usize = 56;
export const ZERO_WINDOWS: usize = 64;
export const KEEP_ALIVES: usize = 72;
export const GAPS: usize = 80;
export const GAP_BYTES: usize = 88;
export const ACKED_UNSEEN: usize = 96;
export const RESETS: usize = 104;
export const TROUBLE_DIRECTION: usize = 112;
export const TROUBLE_REFUSED: usize = 224;
export const TROUBLE_UNANSWERED: usize = 232;
export const TROUBLE_BYTES: usize = 240;
export const TROUBLE_CELLS: u32 = 30;

const CHUNK_BYTES: usize = 0x10000;

/** True: TCP is watched, and each entry has the address of a block behind it. */
export let watching: bool = false;
/** Each conversation begins with a log, because what came before this chunk is not known. */
export let piecewise: bool = false;
/** These logs do not end: all packets of the chunk are in them. */
export let endless: bool = false;

/** Packets whose flags, and those whose window was not captured. */
export let uncaptured: u64 = 0;
export let windowless: u64 = 0;

let freshAt: usize = 0;
let freshEnd: usize = 0;
let freeBlock: usize = 0;
let freeTrouble: usize = 0;

export function beginTcp(on: bool): void {
  watching = on;
  piecewise = false;
  endless = false;
  uncaptured = 0;
  windowless = 0;
  freshAt = 0;
  freshEnd = 0;
  freeBlock = 0;
  freeTrouble = 0;
}

export function setPiecewise(): void {
  piecewise = true;
}

export function setEndlessLogs(): void {
  endless = true;
}

export function addUncaptured(packets: u64): void {
  uncaptured += packets;
}

export function addWindowless(packets: u64): void {
  windowless += packets;
}

/** Where an entry has the address of its block. */
// @ts-ignore: decorator
@inline
export function blockCell(reference: usize): usize {
  return (reference & ~1) + (reference & 1 ? ENTRY6_BYTES : ENTRY4_BYTES) + tailBytes;
}

/** The block of an entry; 0: it has none. */
// @ts-ignore: decorator
@inline
export function blockOf(reference: usize): usize {
  return watching ? <usize>load<u32>(blockCell(reference)) : 0;
}

/** Memory with any content, in steps of a multiple of 16 bytes. */
export function cutFresh(bytes: usize): usize {
  if (freshAt + bytes > freshEnd) {
    freshAt = (reserveReused(CHUNK_BYTES + 64) + 63) & ~63;
    freshEnd = freshAt + CHUNK_BYTES;
  }
  const at = freshAt;
  freshAt += bytes;
  return at;
}

export function clearBlock(block: usize): void {
  memory.fill(block, 0, BLOCK_BYTES);
  for (let direction = block; direction < block + LATEST; direction += DIRECTION_BYTES) clearDirection(direction);
  store<i64>(block, NO_TIME, LATEST);
  clearHandshake(block);
  store<i64>(block, UNKNOWN, ROUND_TRIP_MIN);
  store<i64>(block, UNKNOWN, ROUND_TRIP_MAX);
}

export function clearDirection(direction: usize): void {
  memory.fill(direction, 0, DIRECTION_BYTES);
  store<i64>(direction, NO_TIME, NEXT_TIME);
  store<i64>(direction, NO_TIME, LAST_TIME);
  store<u32>(direction, NO_WINDOW, WINDOW_FIELD);
}

export function clearHandshake(block: usize): void {
  store<i64>(block, NO_TIME, SYN_TIME);
  store<i64>(block, NO_TIME, SYN_ACK_TIME);
  store<i64>(block, UNKNOWN, ROUND_TRIP);
  store<i64>(block, UNKNOWN, SYN_ACK_DELAY);
}

export function newBlock(): usize {
  let block = freeBlock;
  if (block) freeBlock = <usize>load<u32>(block);
  else block = cutFresh(BLOCK_BYTES);
  clearBlock(block);
  return block;
}

/** The counts of a block's trouble, made when there are none. */
export function troubleOf(block: usize): usize {
  let trouble = <usize>load<u32>(block, TROUBLE);
  if (trouble) return trouble;
  trouble = freeTrouble;
  if (trouble) freeTrouble = <usize>load<u32>(trouble);
  else trouble = cutFresh(TROUBLE_BYTES);
  memory.fill(trouble, 0, TROUBLE_BYTES);
  store<u32>(block, <u32>trouble, TROUBLE);
  return trouble;
}

export function freeTroubleOf(block: usize): void {
  const trouble = <usize>load<u32>(block, TROUBLE);
  if (!trouble) return;
  store<u32>(trouble, <u32>freeTrouble);
  freeTrouble = trouble;
  store<u32>(block, 0, TROUBLE);
}

/** Takes a block back whose entry leaves the table. Its log is not used again. */
export function freeBlockOf(reference: usize): void {
  if (!watching) return;
  const block = <usize>load<u32>(blockCell(reference));
  if (!block) return;
  freeTroubleOf(block);
  store<u32>(block, <u32>freeBlock);
  freeBlock = block;
}
