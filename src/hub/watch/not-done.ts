import type { FailureCount } from '../jobs/kind-state.js';

/** Jobs that ended without an answer, by reason; reasons that there were none of are left out. */
export type NotDone = Readonly<Record<string, number>>;

/**
 * Why a job may end without an answer, in the order in which they are told, as one word in metrics and as
 * people read it.
 */
const words: Readonly<Record<FailureCount, string>> = {
  failed: 'failed',
  queueFull: 'queue full',
  expired: 'too late',
  cancelled: 'cancelled',
  lost: 'lost',
  noWorker: 'no worker',
  draining: 'draining',
};

export const failureCounts = Object.keys(words) as FailureCount[];

export function notDoneOf(counters: Readonly<Record<FailureCount, number>>): NotDone {
  return Object.fromEntries(failureCounts.filter((name) => counters[name] > 0).map((name) => [name, counters[name]]));
}

/** Digits in groups of three, as people compare them. */
export const whole = new Intl.NumberFormat('en', { useGrouping: true });

/** A count with the reasons behind it: `12 (8 failed, 4 too late)`. A reason that a newer hub has stands as it came. */
export function notDoneText(reasons: NotDone): string {
  const count = whole.format(Object.values(reasons).reduce((sum, each) => sum + each, 0));
  const told = Object.entries(reasons).map(
    ([reason, each]) => `${whole.format(each)} ${words[reason as FailureCount] ?? reason}`,
  );
  return told.length === 0 ? count : `${count} (${told.join(', ')})`;
}
