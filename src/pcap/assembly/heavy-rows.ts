// Heavy keys as rows of the report: conversations in the layout of entries (entries.ts), addresses in that of
// talkers (talkers.ts). A conversation's row has its upper bounds behind it, and no times.

import { reserve } from './arena';
import { code, longPorts } from './code-words';
import { BACK4, BACK6, ENTRY6_BYTES, PORTS4, PORTS6 } from './entries';
import {
  findHeavy,
  heavyCount,
  leastAll,
  leastFirst,
  leastSecond,
  lookAt,
  lookAtAddress,
  mostAll,
  untoldMost,
} from './heavy';
import { hashAddress } from './hash';
import { I64_MAX, I64_MIN } from './layout';
import { isHeld } from './left-addresses';
import { ADDRESSES4, ADDRESSES6, CONVERSATIONS4, CONVERSATIONS6 } from './sketch';

const MOST_AT: usize = ENTRY6_BYTES;
const ENTRY_BYTES: usize = ENTRY6_BYTES + 16;
const ROW_BYTES: usize = 72;

let conversations: usize = 0;
let conversationsEnd: usize = 0;
let slots: usize = 0;
let slotsMask: u32 = 0;
export let heavyAddresses: usize = 0;
export let heavyConversationsCount: u32 = 0;
export let heavyAddressesCount: u32 = 0;
/** Packets and bytes that no conversation, then no endpoint, has more of that is in no row. */
export const untoldBounds = memory.data(32, 16);

export function forgetHeavyRows(): void {
  conversations = 0;
  conversationsEnd = 0;
  heavyConversationsCount = 0;
  heavyAddressesCount = 0;
}

/** Makes the rows, before anything is ranked. */
export function makeHeavyRows(): void {
  forgetHeavyRows();
  findHeavy();
  heavyConversationsCount = heavyCount(CONVERSATIONS4) + heavyCount(CONVERSATIONS6);
  heavyAddressesCount = heavyCount(ADDRESSES4) + heavyCount(ADDRESSES6);
  conversations = reserve(<usize>heavyConversationsCount * ENTRY_BYTES);
  conversationsEnd = conversations;
  for (let sketch = CONVERSATIONS4; sketch <= CONVERSATIONS6; sketch++)
    for (let i: u32 = 0; i < heavyCount(sketch); i++) makeConversation(sketch, i);
  heavyAddresses = reserve(<usize>heavyAddressesCount * ROW_BYTES);
  let row = heavyAddresses;
  for (let sketch = ADDRESSES4; sketch <= ADDRESSES6; sketch++)
    for (let i: u32 = 0; i < heavyCount(sketch); i++, row += ROW_BYTES) makeAddress(sketch, i, row);
  indexAddresses();
  for (let ofBytes: u32 = 0; ofBytes < 2; ofBytes++) {
    const cell = untoldBounds + (<usize>ofBytes << 3);
    store<u64>(cell, max(untoldMost(CONVERSATIONS4, ofBytes != 0), untoldMost(CONVERSATIONS6, ofBytes != 0)));
    store<u64>(cell, max(untoldMost(ADDRESSES4, ofBytes != 0), untoldMost(ADDRESSES6, ofBytes != 0)), 16);
  }
}

function makeConversation(sketch: u32, number: u32): void {
  lookAt(sketch, number);
  const six = sketch == CONVERSATIONS6;
  const entry = conversationsEnd;
  conversationsEnd += ENTRY_BYTES;
  const back = entry + (six ? BACK6 : BACK4);
  memory.copy(entry, leastFirst, 16);
  memory.copy(back, leastSecond, 16);
  store<i64>(entry, I64_MAX, 16);
  store<i64>(entry, I64_MIN, 24);
  store<i64>(back, I64_MAX, 16);
  store<i64>(back, I64_MIN, 24);
  memory.copy(entry + 32, code, six ? 32 : 8);
  if (six) store<u64>(entry, longPorts(load<u64>(code, 40)), PORTS6);
  else store<u64>(entry, longPorts(load<u64>(code, 16)), PORTS4);
  memory.copy(entry + MOST_AT, mostAll, 16);
}

function makeAddress(sketch: u32, number: u32, row: usize): void {
  lookAt(sketch, number);
  const six = sketch == ADDRESSES6;
  store<u64>(row, six ? load<u64>(code) : 0);
  store<u64>(row, load<u64>(code, 8), 8);
  store<u64>(row, six ? 6 : 4, 16);
  memory.copy(row + 24, leastFirst, 16);
  memory.copy(row + 40, leastSecond, 16);
  memory.copy(row + 56, leastAll, 16);
}

/** Reference of the row of a heavy conversation, as of an entry. */
export function heavyConversation(number: u32): usize {
  return (conversations + <usize>number * ENTRY_BYTES) | (number < heavyCount(CONVERSATIONS4) ? 0 : 1);
}

/** Where the upper bounds of a conversation's row are; 0: it is an entry, and exact. */
export function mostOfConversation(reference: usize): usize {
  return reference >= conversations && reference < conversationsEnd ? (reference & ~1) + MOST_AT : 0;
}

function indexAddresses(): void {
  slotsMask = (1 << (33 - clz<u32>(max<u32>(heavyAddressesCount, 1)))) - 1;
  slots = reserve(<usize>(slotsMask + 1) << 2);
  for (let number: u32 = 0; number < heavyAddressesCount; number++) {
    let i = slotOfRow(heavyAddresses + <usize>number * ROW_BYTES);
    while (load<u32>(slots + (<usize>i << 2))) i = (i + 1) & slotsMask;
    store<u32>(slots + (<usize>i << 2), number + 1);
  }
}

function slotOfRow(row: usize): u32 {
  return hashAddress(load<u64>(row), load<u64>(row, 8) ^ (load<u64>(row, 16) << 60)) & slotsMask;
}

/** Whether an endpoint's row is of an address that was found in a sketch. */
function isHeavyAddress(row: usize): bool {
  let i = slotOfRow(row);
  let number = load<u32>(slots + (<usize>i << 2));
  while (number && memory.compare(heavyAddresses + <usize>(number - 1) * ROW_BYTES, row, 24) != 0) {
    i = (i + 1) & slotsMask;
    number = load<u32>(slots + (<usize>i << 2));
  }
  return number != 0;
}

/** Writes the upper bounds of an endpoint of the report behind its row. */
export function boundEndpoint(row: usize, to: usize): void {
  const packets = load<u64>(row, 56);
  const bytes = load<u64>(row, 64);
  let morePackets: u64 = 0;
  let moreBytes: u64 = 0;
  const version = load<u64>(row, 16);
  if (!isHeld(load<u64>(row), load<u64>(row, 8), version)) {
    lookAtAddress(version == 6, load<u64>(row), load<u64>(row, 8));
    const told = isHeavyAddress(row);
    morePackets = load<u64>(mostAll) - (told ? load<u64>(leastAll) : 0);
    moreBytes = load<u64>(mostAll, 8) - (told ? load<u64>(leastAll, 8) : 0);
  }
  store<u64>(to, packets + morePackets);
  store<u64>(to, bytes + moreBytes, 8);
}
