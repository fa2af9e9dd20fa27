// What is told of TCP at the end: sums, the facts of ranked conversations, and those with the most trouble.
// Facts of a conversation, 46 cells of u64:
//
//   0 has any  1 client (1 a, 2 b)  2 client is a guess  3 attempts  4 established  5 refused  6 unanswered
//   7 handshakes  8 SYN to SYN-ACK, summed  9 SYN-ACK to ACK, summed  10 round trip, summed  11 least
//   12 most (-1: none)  13 idle at most  14, 15 in flight at most, a to b and b to a
//   16, 30 counts of trouble (tcp-state.ts), a to b and b to a  44 segments  45 round trips
//
// Sums over all have the same cells: 0 conversations, 1 and 2 those whose client is known and guessed.

import {
  allTailBytes,
  backOf,
  endOfEntries,
  ENTRY4_BYTES,
  ENTRY6_BYTES,
  firstEntryOf,
  kindOf,
  newestBlock,
  olderBlock,
  tailBytes,
} from './entries';
import { mostOfConversation } from './heavy-rows';
import { WINDOW, WINDOW_BYTES } from './layout';
import { conversationAbove } from './order';
import { packConversation } from './packed-rows';
import { bestConversations, bestConversationsCount } from './ranking';
import {
  ATTEMPTS,
  blockOf,
  CLIENT,
  ESTABLISHED,
  FAST,
  GAPS,
  GUESSED,
  HANDSHAKES,
  IDLE_MAX,
  IN_FLIGHT_A,
  IN_FLIGHT_B,
  OLD_REPEATED,
  RETRANSMITTED,
  ROUND_TRIPS,
  SPURIOUS,
  SYN_ACK_SUM,
  TROUBLE,
  TROUBLE_DIRECTION,
  UNKNOWN,
  ZERO_WINDOWS,
} from './tcp-state';
import { refusedOf, unansweredOf } from './tcp-opening';

export const TCP_FACTS_BYTES: usize = 46 * 8;
const TROUBLE_A: usize = 16 * 8;
const TROUBLE_B: usize = 30 * 8;

/** Sums over all conversations. */
export const tcpTotals = memory.data(46 * 8);
/** Conversations with an attempt that was refused or not answered. */
export let failedCount: u32 = 0;

const facts = memory.data(46 * 8);

/** The longest lists: by segments sent again, windows of zero, gaps, and round trip. */
const LISTS: u32 = 4;
const LIST_MAX: u32 = 5;
const lists = memory.data(4 * 5 * 4);
const listValues = memory.data(4 * 5 * 8);
const listCounts = memory.data(4 * 4);

/** Writes the facts of a conversation; false: it has none, and they are zeros. */
function factsOf(reference: usize, to: usize): bool {
  memory.fill(to, 0, TCP_FACTS_BYTES);
  const block: usize = mostOfConversation(reference) ? 0 : blockOf(reference);
  if (!block) return false;
  store<u64>(to, 1);
  store<u64>(to, load<u8>(block, CLIENT), 8);
  store<u64>(to, load<u8>(block, GUESSED), 16);
  store<u64>(to, load<u32>(block, ATTEMPTS), 24);
  store<u64>(to, load<u32>(block, ESTABLISHED), 32);
  store<u64>(to, load<u32>(block, HANDSHAKES), 56);
  memory.copy(to + 64, block + SYN_ACK_SUM, 40);
  store<i64>(to, load<i64>(block, IDLE_MAX), 104);
  store<u64>(to, load<u32>(block, IN_FLIGHT_A), 112);
  store<u64>(to, load<u32>(block, IN_FLIGHT_B), 120);
  const trouble = <usize>load<u32>(block, TROUBLE);
  if (trouble) memory.copy(to + TROUBLE_A, trouble, 2 * TROUBLE_DIRECTION);
  store<u64>(to, refusedOf(block), 40);
  store<u64>(to, unansweredOf(block), 48);
  store<u64>(to, load<u64>(reference & ~1) + load<u64>(backOf(reference)), 352);
  store<u64>(to, load<u32>(block, ROUND_TRIPS), 360);
  return true;
}

/** Adds up all conversations, and finds those with the most trouble. */
export function sumTcp(): void {
  memory.fill(tcpTotals, 0, TCP_FACTS_BYTES);
  store<i64>(tcpTotals, UNKNOWN, 88);
  store<i64>(tcpTotals, UNKNOWN, 96);
  memory.fill(listCounts, 0, LISTS * 4);
  failedCount = 0;
  for (let block = newestBlock(false); block; block = olderBlock(block)) sumTcpOf(block, 0);
  for (let block = newestBlock(true); block; block = olderBlock(block)) sumTcpOf(block, 1);
}

/** Of the entries of one block. V8 compiles well what is called often; see rankBlock(). */
export function sumTcpOf(entries: usize, six: u32): void {
  const bytes = (six ? ENTRY6_BYTES : ENTRY4_BYTES) + allTailBytes;
  const end = endOfEntries(entries);
  for (let entry = firstEntryOf(entries); entry < end; entry += bytes) {
    const reference = entry | <usize>six;
    if (kindOf(reference) == 6 && factsOf(reference, facts)) addFacts(reference);
  }
}

function addFacts(reference: usize): void {
  add(0, 1);
  if (load<u64>(facts, 8)) add(load<u64>(facts, 16) ? 16 : 8, 1);
  for (let cell: usize = 24; cell < 88; cell += 8) add(cell, load<u64>(facts + cell));
  const least = load<i64>(facts, 88);
  const all = load<i64>(tcpTotals, 88);
  if (least != UNKNOWN && (all == UNKNOWN || least < all)) store<i64>(tcpTotals, least, 88);
  for (let cell: usize = 96; cell < TROUBLE_A; cell += 8)
    store<i64>(tcpTotals + cell, max(load<i64>(tcpTotals + cell), load<i64>(facts + cell)));
  for (let cell: usize = TROUBLE_A; cell < TCP_FACTS_BYTES; cell += 8) add(cell, load<u64>(facts + cell));
  if (load<u64>(facts, 40) + load<u64>(facts, 48)) failedCount++;
  offerTo(0, reference, sentAgain(TROUBLE_A) + sentAgain(TROUBLE_B));
  offerTo(1, reference, both(ZERO_WINDOWS));
  offerTo(2, reference, both(GAPS));
  offerTo(3, reference, load<i64>(facts, 96) == UNKNOWN ? 0 : load<u64>(facts, 96));
}

// @ts-ignore: decorator
@inline
function add(cell: usize, value: u64): void {
  store<u64>(tcpTotals + cell, load<u64>(tcpTotals + cell) + value);
}

/** Segments of a direction that were sent again, without those that a mirror repeats. */
function sentAgain(at: usize): u64 {
  const from = facts + at;
  return load<u64>(from, SPURIOUS) + load<u64>(from, FAST) + load<u64>(from, RETRANSMITTED) - load<u64>(from, OLD_REPEATED);
}

function both(cell: usize): u64 {
  return load<u64>(facts + TROUBLE_A + cell) + load<u64>(facts + TROUBLE_B + cell);
}

/** Puts a conversation at its place in a list; among equals the one that a report has first comes first. */
function offerTo(list: u32, reference: usize, value: u64): void {
  if (<i64>value <= 0) return;
  const rows = lists + <usize>(list * LIST_MAX * 4);
  const values = listValues + <usize>(list * LIST_MAX * 8);
  const cell = listCounts + <usize>list * 4;
  const count = load<u32>(cell);
  let at = count;
  while (at > 0) {
    const above = load<u64>(values + (<usize>(at - 1) << 3));
    if (above > value) break;
    if (above == value && conversationAbove(<usize>load<u32>(rows + (<usize>(at - 1) << 2)), reference)) break;
    at--;
  }
  if (at == LIST_MAX) return;
  const last = min<u32>(count, LIST_MAX - 1);
  memory.copy(rows + (<usize>(at + 1) << 2), rows + (<usize>at << 2), <usize>(last - at) << 2);
  memory.copy(values + (<usize>(at + 1) << 3), values + (<usize>at << 3), <usize>(last - at) << 3);
  store<u32>(rows + (<usize>at << 2), <u32>reference);
  store<u64>(values + (<usize>at << 3), value);
  store<u32>(cell, last + 1);
}

/** Copies the conversations of a list to the window, each with its facts behind it. Returns how many. */
export function packTroubled(list: u32): u32 {
  const bytes = ENTRY6_BYTES + tailBytes + TCP_FACTS_BYTES;
  const count = load<u32>(listCounts + <usize>list * 4);
  for (let i: u32 = 0; i < count; i++)
    packWithFacts(<usize>load<u32>(lists + <usize>((list * LIST_MAX + i) * 4)), WINDOW + <usize>i * bytes);
  return count;
}

function packWithFacts(reference: usize, to: usize): void {
  packConversation(reference, to);
  factsOf(reference, to + ENTRY6_BYTES + tailBytes);
}

/** Facts of the ranked conversations from a rank on. Returns how many; 0: all are out. */
export function packTcpFacts(from: u32): u32 {
  const count = min<u32>(bestConversationsCount - from, <u32>(WINDOW_BYTES / TCP_FACTS_BYTES));
  for (let i: u32 = 0; i < count; i++) {
    const reference = <usize>load<u32>(bestConversations + (<usize>(from + i) << 2));
    factsOf(reference, WINDOW + <usize>i * TCP_FACTS_BYTES);
  }
  return count;
}
