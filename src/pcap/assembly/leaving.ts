// What leaves the full conversation table, or never enters it: its sums, those of its two addresses, and
// those of the heavy conversations that may be among it.

import { encodeConversation4, encodeConversation6 } from './code-words';
import { KIND_PAIR } from './entries';
import { leaveAddress } from './left-addresses';
import { add, DROPPED } from './layout';
import { CONVERSATIONS4, CONVERSATIONS6 } from './sketch';
import { addToSketch } from './sketch-log';

/**
 * Counts of a key that is not in the table: a to b, then b to a. An IPv4 key has both addresses in its first word.
 */
export function leave(
  six: bool,
  ports: u64,
  k0: u64,
  k1: u64,
  k2: u64,
  k3: u64,
  packetsOut: u64,
  bytesOut: u64,
  packetsBack: u64,
  bytesBack: u64,
): void {
  const packets = packetsOut + packetsBack;
  const bytes = bytesOut + bytesBack;
  const pair = (<u32>ports & 0xff) == KIND_PAIR;
  const cell = DROPPED + (pair ? 16 : 0);
  add(cell, packets);
  add(cell + 8, bytes);
  if (!pair) {
    const check = six ? encodeConversation6(k0, k1, k2, k3, ports) : encodeConversation4(k0, ports);
    const sketch = six ? CONVERSATIONS6 : CONVERSATIONS4;
    addToSketch(sketch, check, packets, bytes, packetsOut, bytesOut, packetsBack, bytesBack);
  }
  const aHigh: u64 = six ? k0 : 0;
  const aLow: u64 = six ? k1 : k0 >> 32;
  const bHigh: u64 = six ? k2 : 0;
  const bLow: u64 = six ? k3 : k0 & 0xffffffff;
  const version: u64 = six ? 6 : 4;
  if (aHigh == bHigh && aLow == bLow) {
    leaveAddress(aHigh, aLow, version, packets, bytes, packets, bytes, packets, bytes);
    return;
  }
  leaveAddress(aHigh, aLow, version, packetsOut, bytesOut, packetsBack, bytesBack, packets, bytes);
  leaveAddress(bHigh, bLow, version, packetsBack, bytesBack, packetsOut, bytesOut, packets, bytes);
}
