// Attempts that came to nothing, added up by who asked and by the endpoint that was asked, so that only the largest
// leave.
// A row, 64 bytes, of a conversation that failed, in cells of u64:
//
//   0 IPv6  1, 2 address of the client  3, 4 of the server  5 its port  6 refused  7 unanswered

import { reserve } from './arena';
import {
  allTailBytes,
  endOfEntries,
  ENTRY4_BYTES,
  ENTRY6_BYTES,
  firstEntryOf,
  kindOf,
  newestBlock,
  olderBlock,
  portsOf,
} from './entries';
import { WINDOW } from './layout';
import { FAILED_BY_CLIENT, FAILED_BY_SERVER, FAILED_ROW_BYTES } from './order';
import { packConversation } from './packed-rows';
import { sortReferences } from './sort';
import { blockOf, CLIENT } from './tcp-state';
import { refusedOf, unansweredOf } from './tcp-opening';

/** Servers and clients that are told of each list. */
const NAMED_MAX: u32 = 5;
const REFUSED: usize = 48;
const UNANSWERED: usize = 56;

/** References to the rows, in the order of the list that was packed last. */
let references: usize = 0;
let count: u32 = 0;

/** Gathers the conversations that failed, of which there are so many at most. */
export function gatherFailed(most: u32): void {
  references = reserve(<usize>most << 2);
  const rows = reserve(<usize>most * FAILED_ROW_BYTES);
  count = 0;
  for (let block = newestBlock(false); block; block = olderBlock(block)) gatherFailedOf(block, 0, rows);
  for (let block = newestBlock(true); block; block = olderBlock(block)) gatherFailedOf(block, 1, rows);
}

/** Those of one block; see rankBlock(). */
export function gatherFailedOf(entries: usize, six: u32, rows: usize): void {
  const bytes = (six ? ENTRY6_BYTES : ENTRY4_BYTES) + allTailBytes;
  const end = endOfEntries(entries);
  for (let entry = firstEntryOf(entries); entry < end; entry += bytes) {
    const reference = entry | <usize>six;
    const block = kindOf(reference) == 6 ? blockOf(reference) : 0;
    if (!block || refusedOf(block) + unansweredOf(block) == 0) continue;
    const row = rows + <usize>count * FAILED_ROW_BYTES;
    store<u32>(references + (<usize>count << 2), <u32>row);
    count++;
    packConversation(reference, WINDOW);
    const byA = load<u8>(block, CLIENT) == 1;
    store<u64>(row, six);
    memory.copy(row + 8, WINDOW + (byA ? 32 : 48), 16);
    memory.copy(row + 24, WINDOW + (byA ? 48 : 32), 16);
    store<u64>(row, (portsOf(reference) >> (byA ? 8 : 24)) & 0xffff, 40);
    store<u64>(row, refusedOf(block), REFUSED);
    store<u64>(row, unansweredOf(block), UNANSWERED);
  }
}

// The group of rows at hand: what it is ranked by, and its sums.
let size: u64 = 0;
let refused: u64 = 0;
let unanswered: u64 = 0;

/**
 * Writes the largest of a list to the window, and of those alike the ones with the lowest address and port: u64 how
 * many there are in all, u64 the sum of their sizes, then 64 bytes of each: size, IPv6, address u64[2], port, 0,
 * refused, unanswered. Lists, to be asked for in this order: 0 clients by the endpoints that they tried, 1 endpoints
 * by the attempts that were refused, 2 by those that were not answered. Returns how many were written.
 */
export function packFailed(list: u32): u32 {
  if (list < 2) sortReferences(references, count, list ? FAILED_BY_SERVER : FAILED_BY_CLIENT);
  const cell: usize = list == 1 ? REFUSED : UNANSWERED;
  let named: u32 = 0;
  let before: usize = 0;
  size = refused = unanswered = 0;
  memory.fill(WINDOW, 0, 16);
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(references + (<usize>i << 2));
    if (before && !alike(before, row, list ? 24 : 8)) {
      named = offerGroup(before, list, named);
      size = refused = unanswered = 0;
      before = 0;
    }
    refused += load<u64>(row, REFUSED);
    unanswered += load<u64>(row, UNANSWERED);
    if (list) size += load<u64>(row + cell);
    else if (!before || !alike(before, row, 24)) size++;
    before = row;
  }
  return before ? offerGroup(before, list, named) : named;
}

/** Whether two rows have the same address at a place; of servers, at 24, the port counts too. */
function alike(x: usize, y: usize, at: usize): bool {
  return (
    load<u64>(x) == load<u64>(y) &&
    load<u64>(x + at) == load<u64>(y + at) &&
    load<u64>(x + at, 8) == load<u64>(y + at, 8) &&
    (at == 8 || load<u64>(x, 40) == load<u64>(y, 40))
  );
}

/** Puts the group of a row at its place among those that were written. Returns how many these are then. */
function offerGroup(row: usize, list: u32, named: u32): u32 {
  if (!size) return named;
  store<u64>(WINDOW, load<u64>(WINDOW) + 1);
  store<u64>(WINDOW, load<u64>(WINDOW, 8) + size, 8);
  const first = WINDOW + 16;
  let at = named;
  while (at > 0 && load<u64>(first + <usize>(at - 1) * FAILED_ROW_BYTES) < size) at--;
  if (at == NAMED_MAX) return named;
  const to = first + <usize>at * FAILED_ROW_BYTES;
  memory.copy(to + FAILED_ROW_BYTES, to, <usize>(named - at) * FAILED_ROW_BYTES);
  store<u64>(to, size);
  store<u64>(to, load<u64>(row), 8);
  memory.copy(to + 16, row + (list ? 24 : 8), 16);
  store<u64>(to, load<u64>(row, 40), 32);
  store<u64>(to, refused, REFUSED);
  store<u64>(to, unanswered, UNANSWERED);
  return min(named + 1, NAMED_MAX);
}
