// Counts of what goes wrong with a TCP conversation: of a direction, and of the interval of time in which it does.

import { countHealth, HEALTH_OLD, healthAt } from './series';
import { isLogging } from './tcp-log';
import { TROUBLE_DIRECTION, troubleOf } from './tcp-state';

// @ts-ignore: decorator
@inline
export function count(block: usize, back: bool, cell: usize, value: u64): void {
  const at = troubleOf(block) + (back ? TROUBLE_DIRECTION : 0) + cell;
  store<u64>(at, load<u64>(at) + value);
}

/** True: what is tried is not told. */
let muted: bool = false;

export function mute(on: bool): void {
  muted = on;
}

/** Counts one in the interval of a segment. What a log has is told by who replays it. */
// @ts-ignore: decorator
@inline
export function tell(block: usize, time: i64, cell: usize): void {
  if (healthAt && !muted && !isLogging(block)) countHealth(time, cell);
}

/** Counts an old segment of a kind. */
export function countOld(block: usize, back: bool, time: i64, kind: usize): void {
  countAt(block, back, time, kind, HEALTH_OLD + kind);
}

/** Counts one in a direction, and in the interval of the segment. */
export function countAt(block: usize, back: bool, time: i64, cell: usize, health: usize): void {
  count(block, back, cell, 1);
  tell(block, time, health);
}
