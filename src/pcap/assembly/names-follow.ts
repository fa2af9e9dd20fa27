// Which segments of TCP may have the rest of a ClientHello, or of the head of a request of HTTP, that did not
// end in its first one. A chunk does not know what began before it, so all directions of its first packets
// may have such a rest; who counts them knows (names/followed.ts), and drops the others. It looks for a rest
// in no segment that is left out here:
//
// - it is among the FOLLOWED packets behind the first segment, and less than HELLO_BYTES of sequence numbers behind it;
// - when a segment of the direction is not, nothing behind it is the rest.

import { release, reserveReused } from './arena';
import { hash6 } from './hash';

/** Packets of TCP and UDP. Both parts are sent at once: in what is that far behind it is a retransmission at best. */
const FOLLOWED: u64 = 4096;
/** A ClientHello with its record headers: more than the 16 KiB of the largest record (RFC 8446, 5.1). */
export const HELLO_BYTES: usize = 16_640;

export const NOT_FOLLOWED: u32 = 0;
export const FOLLOWED_ON: u32 = 1;
/** The segment ends what was followed: its place alone matters. */
export const CLOSED: u32 = 2;

/**
 * Twice what can be in force at once: a start for each packet followed, and a direction for each at the front
 * of a chunk.
 */
const SLOTS: u32 = 32_768;
const USED_MAX: u32 = 24_576;
/**
 * 0 source and target u64[4] | 32 ports u64, bit 32 set for IPv6, bit 33 always | 40 until u64 | 48 seq u32 |
 * 52 closed u32.
 */
const SLOT_BYTES: usize = 64;
const UNTIL: usize = 40;
const SEQ: usize = 48;
const IS_CLOSED: usize = 52;

let slots: usize = 0;
let used: u32 = 0;
/** Packets at the front of the chunk, of which every direction is followed. */
let frontUntil: u64 = 0;
/** No direction is followed beyond. */
let followUntil: u64 = 0;

export function beginFollowing(piecewise: bool): void {
  slots = 0;
  used = 0;
  frontUntil = piecewise ? FOLLOWED : 0;
  followUntil = frontUntil;
}

// The direction that was sought.
let k0: u64 = 0;
let k1: u64 = 0;
let k2: u64 = 0;
let k3: u64 = 0;
let k4: u64 = 0;

function useKey(ip: usize, six: bool, ports: usize): void {
  k0 = load<u64>(ip + (six ? 8 : 12));
  k1 = six ? load<u64>(ip, 16) : 0;
  k2 = six ? load<u64>(ip, 24) : 0;
  k3 = six ? load<u64>(ip, 32) : 0;
  k4 = <u64>load<u32>(ports) | (six ? <u64>3 << 32 : <u64>2 << 32);
}

/** The slot of the direction, or the empty one where it would be. */
function seekSlot(): usize {
  let i = hash6(k0, k1, k2, k3, k4) & (SLOTS - 1);
  while (true) {
    const slot = slots + <usize>i * SLOT_BYTES;
    const ports = load<u64>(slot, 32);
    if (!ports) return slot;
    if (
      ports == k4 &&
      load<u64>(slot) == k0 &&
      load<u64>(slot, 8) == k1 &&
      load<u64>(slot, 16) == k2 &&
      load<u64>(slot, 24) == k3
    )
      return slot;
    i = (i + 1) & (SLOTS - 1);
  }
}

function newSlots(): usize {
  const at = reserveReused(<usize>SLOTS * SLOT_BYTES);
  memory.fill(at, 0, <usize>SLOTS * SLOT_BYTES);
  return at;
}

/** The slot of the direction, made when it is not there. */
function takeSlot(now: u64): usize {
  if (!slots) slots = newSlots();
  if (used >= USED_MAX) dropEnded(now);
  const slot = seekSlot();
  if (load<u64>(slot, 32)) return slot;
  used++;
  store<u64>(slot, k0);
  store<u64>(slot, k1, 8);
  store<u64>(slot, k2, 16);
  store<u64>(slot, k3, 24);
  store<u64>(slot, k4, 32);
  return slot;
}

/** Drops those that are followed no longer. */
function dropEnded(now: u64): void {
  const old = slots;
  const o0 = k0;
  const o1 = k1;
  const o2 = k2;
  const o3 = k3;
  const o4 = k4;
  slots = newSlots();
  used = 0;
  for (let slot = old; slot < old + <usize>SLOTS * SLOT_BYTES; slot += SLOT_BYTES) {
    if (!load<u64>(slot, 32) || load<u64>(slot, UNTIL) < now) continue;
    k0 = load<u64>(slot);
    k1 = load<u64>(slot, 8);
    k2 = load<u64>(slot, 16);
    k3 = load<u64>(slot, 24);
    k4 = load<u64>(slot, 32);
    memory.copy(seekSlot(), slot, SLOT_BYTES);
    used++;
  }
  release(old, <usize>SLOTS * SLOT_BYTES);
  k0 = o0;
  k1 = o1;
  k2 = o2;
  k3 = o3;
  k4 = o4;
}

function follow(slot: usize, seq: u32, until: u64): void {
  store<u64>(slot, max(until, load<u64>(slot, UNTIL)), UNTIL);
  store<u32>(slot, seq, SEQ);
  store<u32>(slot, 0, IS_CLOSED);
  followUntil = max(followUntil, until);
}

/** A ClientHello or a head begins at a sequence number, and does not end in its segment. */
export function followHello(ip: usize, six: bool, ports: usize, seq: u32, now: u64): void {
  useKey(ip, six, ports);
  follow(takeSlot(now), seq, now + FOLLOWED);
}

/** A segment with a whole ClientHello: at the front of a chunk it may be the first one of its direction. */
export function noteFirst(ip: usize, six: bool, ports: usize, seq: u32, now: u64): void {
  if (now > frontUntil) return;
  useKey(ip, six, ports);
  const slot = takeSlot(now);
  if (!load<u64>(slot, UNTIL)) follow(slot, seq, frontUntil);
}

/** Whether another segment may have the rest of something. */
export function followRest(ip: usize, six: bool, ports: usize, seq: u32, now: u64): u32 {
  if (now > followUntil) return NOT_FOLLOWED;
  useKey(ip, six, ports);
  if (now <= frontUntil) {
    const first = takeSlot(now);
    if (!load<u64>(first, UNTIL)) {
      follow(first, seq, frontUntil);
      return FOLLOWED_ON;
    }
  } else if (!slots) return NOT_FOLLOWED;
  const slot = seekSlot();
  if (load<u64>(slot, UNTIL) < now || load<u32>(slot, IS_CLOSED)) return NOT_FOLLOWED;
  const distance = <i32>(seq - load<u32>(slot, SEQ));
  if (<usize>abs<i32>(distance) < HELLO_BYTES) return FOLLOWED_ON;
  store<u32>(slot, 1, IS_CLOSED);
  return CLOSED;
}
