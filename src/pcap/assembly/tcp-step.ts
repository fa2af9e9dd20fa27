// What one segment changes, and what is counted of it: docs/FACTS.md has the rules and their sources. The
// order of packets is that of the file. Sequence numbers are compared by their distance of 32 bits with a
// sign.

import { HEALTH_DUPLICATE_ACKS, HEALTH_GAPS, HEALTH_OLD_REPEATED, HEALTH_ZERO_WINDOWS } from './series';
import { count, countAt, countOld } from './tcp-counts';
import { note, noteLate, noteNext } from './tcp-log';
import { ACKS, FIN, handshake, open, RST, SYN } from './tcp-opening';
import {
  ACK,
  ACKED_UNSEEN,
  ACKS_REPEATED,
  BEYOND,
  BITS,
  DIRECTION_BYTES,
  DUPLICATE_ACKS,
  DUPLICATES_SHIFT,
  FAST,
  GAP_BYTES,
  GAPS,
  HAS_ACK,
  HAS_BEYOND,
  HAS_NEXT,
  IDLE_MAX,
  IN_FLIGHT_A,
  KEEP_ALIVES,
  LAST_FLAGS,
  LAST_ID,
  LAST_LENGTH,
  LAST_SEQ,
  LAST_TIME,
  LATEST,
  LOG,
  NEXT,
  NEXT_TIME,
  NO_TIME,
  OLD_REPEATED,
  OUT_OF_ORDER,
  piecewise,
  REPEATED,
  RETRANSMITTED,
  ROUND_TRIP,
  SPURIOUS,
  UNKNOWN,
  WAS_KEEP_ALIVE,
  WAS_PROBE,
  WINDOW_FIELD,
  ZERO_WINDOWS,
} from './tcp-state';

/** A mirror that copies both directions of a port repeats each packet within this time. */
const REPEAT_NS: u64 = 1_000_000;
/** tshark's bounds: a fast retransmission follows its duplicate ACKs within this, */
const FAST_NS: u64 = 20_000_000;
/** and a segment out of order follows the highest one within the first round trip, or this where it is not known. */
const OUT_OF_ORDER_NS: i64 = 3_000_000;

/** Whether a time lies at another or behind it by less than so many ns. */
// @ts-ignore: decorator
@inline
function within(time: i64, since: i64, ns: u64): bool {
  return time >= since && <u64>(time - since) < ns && since != NO_TIME;
}

/** Whether x lies behind y. */
// @ts-ignore: decorator
@inline
function after(x: u32, y: u32): bool {
  return <i32>(x - y) > 0;
}

/**
 * Takes a segment in. `id` is IPv4's identification; `length` counts bytes of data alone.
 */
export function step(
  block: usize,
  back: bool,
  time: i64,
  seq: u32,
  ack: u32,
  length: u32,
  win: u32,
  flags: u32,
  id: u32,
): void {
  if (piecewise && load<u32>(block, LOG)) note(block, back, time, seq, ack, length, win, flags, id);
  const own = block + (back ? DIRECTION_BYTES : 0);
  const peer = block + (back ? 0 : DIRECTION_BYTES);
  if (flags & (SYN | RST)) open(block, own, back, time, seq, flags);
  handshake(block, own, peer, back, time, seq, ack, flags);
  pass(block, time);

  let bits = <u32>load<u8>(own, BITS);
  const peerBits = <u32>load<u8>(peer, BITS);
  const next = load<u32>(own, NEXT);
  const known = (bits & HAS_NEXT) != 0;
  const ends = flags & (SYN | FIN | RST);
  const sameAck = flags & ACKS && bits & HAS_ACK && ack == load<u32>(own, ACK);
  const sameWindow = win == load<u32>(own, WINDOW_FIELD);
  const repeats = isRepeat(own, time, seq, ack, length, flags, id, sameWindow);
  if (repeats) count(block, back, REPEATED, 1);

  const probe = length == 1 && known && seq == next && load<u32>(peer, WINDOW_FIELD) == 0;
  let keepAlive = false;
  if (!probe) {
    if (!ends && win == 0) countAt(block, back, time, ZERO_WINDOWS, HEALTH_ZERO_WINDOWS);
    if (known && !(flags & RST) && after(seq, next)) {
      countAt(block, back, time, GAPS, HEALTH_GAPS);
      count(block, back, GAP_BYTES, <u64>(seq - next));
    }
    if (known && !ends) {
      if (length <= 1 && seq == next - 1) {
        keepAlive = true;
        count(block, back, KEEP_ALIVES, 1);
      } else if (length == 0 && win && sameWindow && sameAck && seq == next && !(peerBits & WAS_KEEP_ALIVE)) {
        countAt(block, back, time, DUPLICATE_ACKS, HEALTH_DUPLICATE_ACKS);
        if (repeats) count(block, back, ACKS_REPEATED, 1);
        if (bits >> DUPLICATES_SHIFT < 3) bits += 1 << DUPLICATES_SHIFT;
      }
    }
  }
  if (!sameAck && flags & ACKS) bits &= (1 << DUPLICATES_SHIFT) - 1;
  if (flags & ACKS && peerBits & HAS_NEXT && after(ack, load<u32>(peer, NEXT))) beyond(block, peer, back, ack);

  const end = seq + length + (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0);
  if (known && (length || flags & (SYN | FIN)) && after(next, seq) && !keepAlive) {
    const grows = length > 1 && seq == next - 1 && bits & WAS_PROBE;
    if (!grows) old(block, own, peer, back, time, seq, length, end == next, repeats);
  }

  if (!(flags & RST) && !probe && (!known || after(end, next))) {
    store<u32>(own, end, NEXT);
    store<i64>(own, time, NEXT_TIME);
    if (piecewise && load<u32>(block, LOG)) noteNext(block, back, known);
    bits |= HAS_NEXT;
    if (bits & HAS_BEYOND && !after(load<u32>(own, BEYOND), end)) bits &= ~HAS_BEYOND;
    if (peerBits & HAS_ACK) {
      const flight = end - load<u32>(peer, ACK);
      const most = block + IN_FLIGHT_A + (back ? 4 : 0);
      if (<i32>flight > 0 && flight > load<u32>(most)) store<u32>(most, flight);
    }
  }
  if (flags & ACKS) {
    store<u32>(own, ack, ACK);
    bits |= HAS_ACK;
  }
  bits = (bits & ~(WAS_KEEP_ALIVE | WAS_PROBE)) | (keepAlive ? WAS_KEEP_ALIVE : 0) | (probe ? WAS_PROBE : 0);
  store<u32>(own, win, WINDOW_FIELD);
  store<i64>(own, time, LAST_TIME);
  store<u32>(own, seq, LAST_SEQ);
  store<u32>(own, length, LAST_LENGTH);
  store<u16>(own, id, LAST_ID);
  store<u8>(own, flags, LAST_FLAGS);
  store<u8>(own, bits, BITS);
}

/** Whether the same packet came this way just before. */
// @ts-ignore: decorator
@inline
function isRepeat(
  own: usize,
  time: i64,
  seq: u32,
  ack: u32,
  length: u32,
  flags: u32,
  id: u32,
  sameWindow: bool,
): bool {
  if (seq != load<u32>(own, LAST_SEQ) || length != load<u32>(own, LAST_LENGTH) || !sameWindow) return false;
  if (flags != <u32>load<u8>(own, LAST_FLAGS) || id != <u32>load<u16>(own, LAST_ID)) return false;
  if (flags & ACKS && ack != load<u32>(own, ACK)) return false;
  return within(time, load<i64>(own, LAST_TIME), REPEAT_NS);
}

/** The time between packets of the conversation. */
// @ts-ignore: decorator
@inline
function pass(block: usize, time: i64): void {
  if (time == NO_TIME) return;
  const latest = load<i64>(block, LATEST);
  if (time <= latest) return;
  store<i64>(block, time, LATEST);
  if (latest == NO_TIME) return;
  if (time - latest > load<i64>(block, IDLE_MAX)) store<i64>(block, time - latest, IDLE_MAX);
}

/** An ack of what no packet has brought. */
function beyond(block: usize, peer: usize, back: bool, ack: u32): void {
  const bits = <u32>load<u8>(peer, BITS);
  if (bits & HAS_BEYOND && !after(ack, load<u32>(peer, BEYOND))) return;
  store<u32>(peer, ack, BEYOND);
  store<u8>(peer, bits | HAS_BEYOND, BITS);
  count(block, back, ACKED_UNSEEN, 1);
}

/** A segment that begins below what was sent before. */
function old(
  block: usize,
  own: usize,
  peer: usize,
  back: bool,
  time: i64,
  seq: u32,
  length: u32,
  endsAtNext: bool,
  repeats: bool,
): void {
  if (repeats) countAt(block, back, time, OLD_REPEATED, HEALTH_OLD_REPEATED);
  const peerBits = <u32>load<u8>(peer, BITS);
  const acked = load<u32>(peer, ACK);
  if (length && peerBits & HAS_ACK && !after(seq + length, acked)) return countOld(block, back, time, SPURIOUS);
  if (peerBits >> DUPLICATES_SHIFT >= 2 && acked == seq && within(time, load<i64>(peer, LAST_TIME), FAST_NS))
    return countOld(block, back, time, FAST);
  if (endsAtNext || time == NO_TIME) return countOld(block, back, time, RETRANSMITTED);
  if (piecewise && load<u32>(block, LOG) && noteLate(block, back, time)) return;
  countOld(block, back, time, isLate(block, time, load<i64>(own, NEXT_TIME)) ? OUT_OF_ORDER : RETRANSMITTED);
}

/** Whether a segment comes so soon after the highest one that it was overtaken by it. */
export function isLate(block: usize, time: i64, highest: i64): bool {
  const roundTrip = load<i64>(block, ROUND_TRIP);
  return within(time, highest, <u64>(roundTrip == UNKNOWN ? OUT_OF_ORDER_NS : roundTrip));
}
