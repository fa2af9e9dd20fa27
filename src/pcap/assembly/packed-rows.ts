// Ranked rows leave through the window in one flat form, of which text is made later, without the table (../rows):
//
//   conversation, 104 bytes  as an IPv6 entry (entries.ts); bit 40 of the ports is set for IPv6, and an IPv4
//                            address is the low half of its second word; bit 41 is set for one that is known
//                            within bounds (heavy.ts): where others have their times from a to b, it has the
//                            packets and the bytes that it has at most; with cells for paths (entries.ts) the
//                            row has them behind it
//   endpoint, 72 bytes       as a talker's row (talkers.ts)
//   bounded, 88 bytes        the same, and the packets and the bytes that it has at most

import { backOf, BACK6, ENTRY6_BYTES, PORTS6, portsOf, tailBytes } from './entries';
import { boundEndpoint, mostOfConversation } from './heavy-rows';
import { WINDOW, WINDOW_BYTES } from './layout';
import { bestConversations, bestConversationsCount } from './ranking';
import { bestTalkers, bestTalkersCount, ROW_BYTES } from './talkers';

const SIX: u64 = 1 << 40;
const BOUNDED: u64 = 1 << 41;
const BOUNDED_ROW_BYTES: usize = ROW_BYTES + 16;

/** Copies conversations from a rank on to the window. Returns how many; 0: all are out. */
export function packConversations(from: u32): u32 {
  const bytes = ENTRY6_BYTES + tailBytes;
  const count = min<u32>(bestConversationsCount - from, <u32>(WINDOW_BYTES / bytes));
  for (let i: u32 = 0; i < count; i++) {
    const reference = <usize>load<u32>(bestConversations + (<usize>(from + i) << 2));
    packConversation(reference, WINDOW + <usize>i * bytes);
  }
  return count;
}

export function packConversation(reference: usize, to: usize): void {
  const entry = reference & ~1;
  memory.copy(to, entry, 32);
  memory.copy(to + BACK6, backOf(reference), 32);
  const most = mostOfConversation(reference);
  const bounded = most ? BOUNDED : 0;
  if (most) memory.copy(to + 16, most, 16);
  if (tailBytes) store<u64>(to, most ? 0 : load<u64>(backOf(reference), 32), ENTRY6_BYTES);
  if (reference & 1) {
    memory.copy(to + 32, entry + 32, 32);
    store<u64>(to, portsOf(reference) | SIX | bounded, PORTS6);
    return;
  }
  const addresses = load<u64>(entry, 32);
  store<u64>(to, 0, 32);
  store<u64>(to, addresses >> 32, 40);
  store<u64>(to, 0, 48);
  store<u64>(to, addresses & 0xffffffff, 56);
  store<u64>(to, portsOf(reference) | bounded, PORTS6);
}

/** The same for endpoints. */
export function packTalkers(from: u32): u32 {
  const count = min<u32>(bestTalkersCount - from, <u32>(WINDOW_BYTES / ROW_BYTES));
  for (let i: u32 = 0; i < count; i++)
    memory.copy(WINDOW + <usize>i * ROW_BYTES, <usize>load<u32>(bestTalkers + (<usize>(from + i) << 2)), ROW_BYTES);
  return count;
}

/** The same with what each has at most. */
export function packBoundedTalkers(from: u32): u32 {
  const count = min<u32>(bestTalkersCount - from, <u32>(WINDOW_BYTES / BOUNDED_ROW_BYTES));
  for (let i: u32 = 0; i < count; i++) {
    const row = <usize>load<u32>(bestTalkers + (<usize>(from + i) << 2));
    const to = WINDOW + <usize>i * BOUNDED_ROW_BYTES;
    memory.copy(to, row, ROW_BYTES);
    boundEndpoint(row, to + ROW_BYTES);
  }
  return count;
}
