// What is told of the conversations and endpoints at the end. One walk over the entries does for both: nearly
// each of them is a miss of the caches.

import { reserve } from './arena';
import {
  allTailBytes,
  backOf,
  endOfEntries,
  ENTRY4_BYTES,
  ENTRY6_BYTES,
  firstEntryOf,
  KIND_PAIR,
  kindOf,
  newestBlock,
  olderBlock,
} from './entries';
import { heavyAddresses, heavyAddressesCount, heavyConversation, heavyConversationsCount, mostOfConversation } from './heavy-rows';
import { beginHeap, heapCount, offer, sortHeap } from './heap';
import { leftCount, leftRows } from './left-addresses';
import { OF_CONVERSATIONS } from './order';
import { rankPaths } from './paths';
import { sortReferences } from './sort';
import { isPinned } from './table';
import {
  beginPass,
  beginTalkers,
  countEnds,
  countRowOf,
  finishTalkers,
  morePasses,
  ROW_BYTES,
  rowsFull,
  takeRows,
} from './talkers';

/** Conversations of IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP. */
export const kinds = memory.data(32);
/** Packets and bytes from a to b, then from b to a, of the pinned connection's entry. */
export const pinnedSums = memory.data(32);

/** Where the references of the best conversations are, and how many. */
export let bestConversations: usize = 0;
export let bestConversationsCount: u32 = 0;

/** A list this much shorter than all is kept as a heap while the entries pass; a longer one is sorted from all. */
const HEAP_SHARE: u64 = 16;

let withConversations: bool = false;
let withTalkers: bool = false;
/** All conversations are noted down here, to be sorted; 0: the best are kept in the heap. */
let noted: usize = 0;
let notedCount: u32 = 0;

/**
 * Ranks so many conversations, heavy ones that are not in the table included, and the ends of so many
 * entries, and tells this many conversations and endpoints at most.
 */
export function rank(conversations: u32, entries: u32, mostConversations: u32, mostTalkers: u32): void {
  rankPaths();
  memory.fill(kinds, 0, 32);
  memory.fill(pinnedSums, 0, 32);
  const all = <u64>mostConversations * HEAP_SHARE > <u64>conversations;
  bestConversations = reserve(<usize>(all ? conversations : mostConversations) << 2);
  noted = all ? bestConversations : 0;
  notedCount = 0;
  if (!all) beginHeap(bestConversations, mostConversations, false);
  beginTalkers((entries << 1) + leftCount + heavyAddressesCount, mostTalkers);
  beginPass();
  withConversations = true;
  withTalkers = true;
  walk();
  if (all) {
    bestConversationsCount = min(notedCount, mostConversations);
    sortReferences(bestConversations, notedCount, OF_CONVERSATIONS);
  } else {
    sortHeap();
    bestConversationsCount = heapCount;
  }
  withConversations = false;
  while (rowsFull || takeRows()) {
    if (rowsFull) morePasses();
    beginPass();
    withTalkers = true;
    walk();
  }
  finishTalkers();
}

function walk(): void {
  for (let block = newestBlock(false); block; block = olderBlock(block)) rankBlock(block, 0);
  for (let block = newestBlock(true); block; block = olderBlock(block)) rankBlock(block, 1);
  if (withConversations) {
    for (let i: u32 = 0; i < heavyConversationsCount; i++) {
      const reference = heavyConversation(i);
      countConversation(reference, kindOf(reference));
    }
  }
  for (let i: u32 = 0; i < leftCount && withTalkers; i++) withTalkers = countRowOf(leftRows + <usize>i * ROW_BYTES);
  for (let i: u32 = 0; i < heavyAddressesCount && withTalkers; i++)
    withTalkers = countRowOf(heavyAddresses + <usize>i * ROW_BYTES);
}

/**
 * The entries of one block. V8 compiles well what is called often, and a loop that is entered once stays as
 * it was compiled first, so the walk is cut into calls; the function is exported lest the compiler puts it
 * into its caller.
 */
export function rankBlock(block: usize, six: u32): void {
  const bytes = (six ? ENTRY6_BYTES : ENTRY4_BYTES) + allTailBytes;
  const end = endOfEntries(block);
  for (let entry = firstEntryOf(block); entry < end; entry += bytes) {
    const reference = entry | <usize>six;
    const kind = kindOf(reference);
    if (!kind) continue;
    if (withConversations && kind != KIND_PAIR) countConversation(reference, kind);
    if (withTalkers && !countEnds(reference)) withTalkers = false;
  }
}

// @ts-ignore: decorator
@inline
function countConversation(reference: usize, kind: u32): void {
  const row = kinds + ((reference & 1) << 4) + (kind == 17 ? 8 : 0);
  store<u64>(row, load<u64>(row) + 1);
  if (isPinned(reference) && !mostOfConversation(reference)) {
    memory.copy(pinnedSums, reference & ~1, 16);
    memory.copy(pinnedSums + 16, backOf(reference), 16);
  }
  if (noted) {
    store<u32>(noted + (<usize>notedCount << 2), <u32>reference);
    notedCount++;
  } else offer(<u32>reference);
}
