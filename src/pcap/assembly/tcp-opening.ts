// How TCP connections begin: SYN, SYN-ACK and ACK, attempts that are refused or not answered, and the times
// of handshakes.

import { HEALTH_ATTEMPTS, HEALTH_REFUSED, HEALTH_RESETS } from './series';
import { countAt, tell } from './tcp-counts';
import { noteOpening } from './tcp-log';
import {
  ACK,
  ACK_SUM,
  ANSWERED,
  ATTEMPTS,
  BITS,
  clearDirection,
  clearHandshake,
  CLIENT,
  DIRECTION_BYTES,
  ESTABLISHED,
  GUESSED,
  HANDSHAKES,
  HAS_ISN,
  HAS_NEXT,
  ISN,
  LOG,
  NO_TIME,
  OPEN,
  OPENER,
  PHASE,
  piecewise,
  REFUSED,
  RESETS,
  ROUND_TRIP,
  ROUND_TRIP_MAX,
  ROUND_TRIP_MIN,
  ROUND_TRIP_SUM,
  ROUND_TRIPS,
  SYN_ACK_DELAY,
  SYN_ACK_SEEN,
  SYN_ACK_SUM,
  SYN_ACK_TIME,
  SYN_SEEN,
  SYN_TIME,
  TROUBLE,
  TROUBLE_REFUSED,
  TROUBLE_UNANSWERED,
  troubleOf,
  UNKNOWN,
  UNOPENED,
} from './tcp-state';

export const FIN: u32 = 1;
export const SYN: u32 = 2;
export const RST: u32 = 4;
export const ACKS: u32 = 16;

/** SYN begins a connection where none was, and ends the one that was; RST ends an attempt. */
export function open(block: usize, own: usize, back: bool, time: i64, seq: u32, flags: u32): void {
  if (flags & RST) {
    countAt(block, back, time, RESETS, HEALTH_RESETS);
    if (load<u8>(block, PHASE) != SYN_SEEN || (load<u8>(block, OPENER) & 3) == (back ? 2 : 1)) return;
    store<u8>(block, REFUSED, PHASE);
    const refused = troubleOf(block) + TROUBLE_REFUSED;
    store<u64>(refused, load<u64>(refused) + 1);
    tell(block, time, HEALTH_REFUSED);
    return;
  }
  if (flags & ACKS) return;
  const bits = <u32>load<u8>(own, BITS);
  const phase = <u32>load<u8>(block, PHASE);
  const side: u32 = back ? 2 : 1;
  const opening = phase == SYN_SEEN || phase == SYN_ACK_SEEN;
  if (bits & HAS_ISN && load<u32>(own, ISN) == seq) {
    // The same SYN again.
    if (phase == SYN_SEEN && (load<u8>(block, OPENER) & 3) == side) store<i64>(block, time, SYN_TIME);
    return;
  }
  const simultaneous = opening && !(bits & (HAS_NEXT | HAS_ISN));
  if (!simultaneous) {
    if (piecewise && load<u32>(block, LOG)) noteOpening(block, back, seq);
    endIncarnation(block);
  }
  store<u32>(own, seq, ISN);
  store<u8>(own, load<u8>(own, BITS) | HAS_ISN, BITS);
  if (simultaneous) return;
  store<u8>(block, SYN_SEEN, PHASE);
  store<u8>(block, side, OPENER);
  store<i64>(block, time, SYN_TIME);
  store<u32>(block, load<u32>(block, ATTEMPTS) + 1, ATTEMPTS);
  tell(block, time, HEALTH_ATTEMPTS);
  if (load<u8>(block, CLIENT) && !load<u8>(block, GUESSED)) return;
  store<u8>(block, side, CLIENT);
  store<u8>(block, 0, GUESSED);
}

function isUnanswered(block: usize): bool {
  return load<u8>(block, PHASE) == SYN_SEEN && !(load<u8>(block, OPENER) & ANSWERED);
}

/** Attempts of a conversation that were refused. */
export function refusedOf(block: usize): u64 {
  const trouble = <usize>load<u32>(block, TROUBLE);
  return trouble ? load<u64>(trouble, TROUBLE_REFUSED) : 0;
}

/** Those that were not answered, the one that waits at the end included. */
export function unansweredOf(block: usize): u64 {
  const trouble = <usize>load<u32>(block, TROUBLE);
  return (trouble ? load<u64>(trouble, TROUBLE_UNANSWERED) : 0) + (isUnanswered(block) ? 1 : 0);
}

function endIncarnation(block: usize): void {
  if (isUnanswered(block)) {
    const unanswered = troubleOf(block) + TROUBLE_UNANSWERED;
    store<u64>(unanswered, load<u64>(unanswered) + 1);
  }
  clearDirection(block);
  clearDirection(block + DIRECTION_BYTES);
  clearHandshake(block);
  store<u8>(block, UNOPENED, PHASE);
  store<u8>(block, 0, OPENER);
}

/** SYN-ACK and ACK of the handshake, and who spoke first. */
// @ts-ignore: decorator
@inline
export function handshake(
  block: usize,
  own: usize,
  peer: usize,
  back: bool,
  time: i64,
  seq: u32,
  ack: u32,
  flags: u32,
): void {
  if (!load<u8>(block, CLIENT)) {
    store<u8>(block, back ? 2 : 1, CLIENT);
    store<u8>(block, 1, GUESSED);
  }
  const phase = <u32>load<u8>(block, PHASE);
  if (phase == SYN_SEEN || phase == SYN_ACK_SEEN) shake(block, own, peer, back, time, seq, ack, flags, phase);
}

function shake(
  block: usize,
  own: usize,
  peer: usize,
  back: bool,
  time: i64,
  seq: u32,
  ack: u32,
  flags: u32,
  phase: u32,
): void {
  const opener = <u32>load<u8>(block, OPENER);
  const byOpener = (opener & 3) == (back ? 2 : 1);
  if (!byOpener) {
    store<u8>(block, opener | ANSWERED, OPENER);
    if ((flags & (SYN | ACKS | RST)) != (SYN | ACKS)) return;
    store<i64>(block, time, SYN_ACK_TIME);
    store<u32>(own, seq, ISN);
    store<u8>(own, load<u8>(own, BITS) | HAS_ISN, BITS);
    if (phase == SYN_ACK_SEEN) return;
    store<u8>(block, SYN_ACK_SEEN, PHASE);
    store<i64>(block, since(time, load<i64>(block, SYN_TIME)), SYN_ACK_DELAY);
    return;
  }
  if ((flags & (SYN | ACKS | RST)) != ACKS || seq != load<u32>(own, ISN) + 1) return;
  if (phase == SYN_ACK_SEEN ? ack != load<u32>(peer, ISN) + 1 : opener & ANSWERED) return;
  store<u8>(block, OPEN, PHASE);
  store<u32>(block, load<u32>(block, ESTABLISHED) + 1, ESTABLISHED);
  const whole = since(time, load<i64>(block, SYN_TIME));
  store<i64>(block, whole, ROUND_TRIP);
  if (whole != UNKNOWN) addRoundTrip(block, whole);
  const first = load<i64>(block, SYN_ACK_DELAY);
  const second = since(time, load<i64>(block, SYN_ACK_TIME));
  if (first == UNKNOWN || second == UNKNOWN || whole == UNKNOWN) return;
  store<u32>(block, load<u32>(block, HANDSHAKES) + 1, HANDSHAKES);
  store<i64>(block, load<i64>(block, SYN_ACK_SUM) + first, SYN_ACK_SUM);
  store<i64>(block, load<i64>(block, ACK_SUM) + second, ACK_SUM);
}

function addRoundTrip(block: usize, ns: i64): void {
  store<u32>(block, load<u32>(block, ROUND_TRIPS) + 1, ROUND_TRIPS);
  store<i64>(block, load<i64>(block, ROUND_TRIP_SUM) + ns, ROUND_TRIP_SUM);
  const least = load<i64>(block, ROUND_TRIP_MIN);
  if (least == UNKNOWN || ns < least) store<i64>(block, ns, ROUND_TRIP_MIN);
  if (ns > load<i64>(block, ROUND_TRIP_MAX)) store<i64>(block, ns, ROUND_TRIP_MAX);
}

/** UNKNOWN where a packet has no time, or time went back. */
function since(time: i64, before: i64): i64 {
  if (time == NO_TIME || before == NO_TIME || time < before || time - before < 0) return UNKNOWN;
  return time - before;
}
