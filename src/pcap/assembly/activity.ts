// The spans of time that have traffic: packets of one span follow each other, sorted by time, within a gap.
// Spans depend on the times alone, not on the order in which they come, so every split of a file ends with
// the same ones. The gap doubles with the time from the first to the last packet, which bounds how many spans
// there can be.

import { reserve } from './arena';
import { ACTIVE_SHIFT, ACTIVE_SPANS, I64_MIN, LAST_NS, WINDOW } from './layout';

/** A pause up to this long is no pause: between two words of a quiet protocol as much passes. */
export const GAP_NS: u64 = 60000000000;
/** Spans at most; past it, 5.7 days of minutes, the gap doubles. */
const SPANS_MAX: u64 = 8192;
const SPAN_BYTES: usize = 16;

/** First and last time of each span but the one that goes on, ascending and more than a gap apart. */
let spans: usize = 0;
let count: u32 = 0;
let gap: u64 = GAP_NS;
/** The span that goes on begins here and ends with the last time; false: there is none. */
let open: bool = false;
let start: i64 = 0;

export function beginActivity(): void {
  spans = 0;
  count = 0;
  gap = GAP_NS;
  open = false;
}

// @ts-ignore: decorator
@inline
function spanAt(number: u32): usize {
  return spans + <usize>number * SPAN_BYTES;
}

/** A packet that comes in order, but long after the last one, or is the first. */
export function afterPause(time: i64, last: i64): void {
  if (open && <u64>(time - last) <= gap) return;
  if (open) include(start, last);
  open = true;
  start = time;
}

/** A packet whose time is before the last one. */
export function late(time: i64): void {
  if (!open || time < start) include(time, time);
}

/** Puts the span that goes on among the others; it goes on from the last time, which may have been set anew. */
export function foldActivity(): void {
  if (open) include(start, load<i64>(LAST_NS));
  restartActivity();
}

/** The last time has been set anew: no packet before it is of the span that goes on. */
export function restartActivity(): void {
  start = load<i64>(LAST_NS);
  open = start != I64_MIN;
}

function include(from: i64, to: i64): void {
  if (!spans) spans = reserve(<usize>(SPANS_MAX + 2) * SPAN_BYTES);
  widen(from, to);
  // The first span that does not end more than a gap before this one, and the first that begins more than a
  // gap behind it.
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const end = load<i64>(spanAt(middle), 8);
    if (end < from && <u64>(from - end) > gap) low = middle + 1;
    else high = middle;
  }
  let behind = low;
  while (behind < count) {
    const begin = load<i64>(spanAt(behind));
    if (begin > to && <u64>(begin - to) > gap) break;
    from = min(from, begin);
    to = max(to, load<i64>(spanAt(behind), 8));
    behind++;
  }
  memory.copy(spanAt(low + 1), spanAt(behind), <usize>(count - behind) * SPAN_BYTES);
  count = count - behind + low + 1;
  store<i64>(spanAt(low), from);
  store<i64>(spanAt(low), to, 8);
}

/** Doubles the gap until so many of it fit between the first and the last time, these ones included. */
function widen(from: i64, to: i64): void {
  if (count) {
    from = min(from, load<i64>(spanAt(0)));
    to = max(to, load<i64>(spanAt(count - 1), 8));
  }
  while (<u64>(to - from) / gap >= SPANS_MAX) {
    gap <<= 1;
    store<u64>(ACTIVE_SHIFT, load<u64>(ACTIVE_SHIFT) + 1);
    joinNeighbours();
  }
}

function joinNeighbours(): void {
  let kept: u32 = 0;
  for (let i: u32 = 1; i < count; i++) {
    const begin = load<i64>(spanAt(i));
    if (<u64>(begin - load<i64>(spanAt(kept), 8)) > gap) {
      kept++;
      store<i64>(spanAt(kept), begin);
    }
    store<i64>(spanAt(kept), load<i64>(spanAt(i), 8), 8);
  }
  if (count) count = kept + 1;
}

/** Copies all spans to the window; their number stands in the totals. */
export function exportActivity(): void {
  foldActivity();
  memory.copy(WINDOW, spans, <usize>count * SPAN_BYTES);
  store<u64>(ACTIVE_SPANS, <u64>count);
}

/** Adds spans that lie in the window, of a gap that was doubled so often; false: one of them is none. */
export function importActivity(spansThere: u32, shift: u64): bool {
  while (load<u64>(ACTIVE_SHIFT) < shift) {
    gap <<= 1;
    store<u64>(ACTIVE_SHIFT, load<u64>(ACTIVE_SHIFT) + 1);
    joinNeighbours();
  }
  for (let i: u32 = 0; i < spansThere; i++) {
    const from = load<i64>(WINDOW + <usize>i * SPAN_BYTES);
    const to = load<i64>(WINDOW + <usize>i * SPAN_BYTES, 8);
    if (to < from) return false;
    include(from, to);
  }
  return true;
}
