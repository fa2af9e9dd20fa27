// What is told of the conversations at the end.

import { reserve } from './arena';
import { backOf, firstEntry, KIND_PAIR, kindOf, nextEntry } from './entries';
import { beginHeap, heapCount, offer, sortHeap } from './heap';
import { isPinned } from './table';

/** Conversations of IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP. */
export const kinds = memory.data(32);
/** Packets and bytes from a to b, then from b to a, of the pinned connection's entry. */
export const pinnedSums = memory.data(32);

/** Counts the conversations and sorts the best of them. Returns where their references are; heapCount says how many. */
export function rankConversations(most: u32): usize {
  const at = reserve(<usize>most << 2);
  beginHeap(at, most, false);
  memory.fill(kinds, 0, 32);
  memory.fill(pinnedSums, 0, 32);
  firstEntry();
  while (true) {
    const reference = nextEntry();
    if (!reference) break;
    const kind = kindOf(reference);
    if (kind == KIND_PAIR) continue;
    const row = kinds + ((reference & 1) << 4) + (kind == 17 ? 8 : 0);
    store<u64>(row, load<u64>(row) + 1);
    if (isPinned(reference)) {
      memory.copy(pinnedSums, reference & ~1, 16);
      memory.copy(pinnedSums + 16, backOf(reference), 16);
    }
    offer(<u32>reference);
  }
  sortHeap();
  return at;
}

export function rankedCount(): u32 {
  return heapCount;
}
