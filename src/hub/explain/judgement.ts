import type { PickView } from './types.js';

/**
 * Jobs shorter than this travel many in a message and wait for the turns of processes: at 100,000 jobs a second half of
 * them are 10 ms on their way, whatever their slots do. What they took is no measure of what was predicted for their
 * slots.
 */
export const judgedSecondsMin = 0.01;

/** How a prediction did: `far` is off by more than itself, `batch` is not to be judged by what the job took. */
export type Judgement = 'near' | 'far' | 'batch';

/** Null: nothing came of the pick, or not yet. */
export function judge({
  predictedSeconds,
  errorSeconds,
  execSeconds,
}: Pick<PickView, 'predictedSeconds' | 'errorSeconds' | 'execSeconds'>): Judgement | null {
  if (errorSeconds === null || execSeconds === null) return null;
  if (execSeconds < judgedSecondsMin) return 'batch';
  return Math.abs(errorSeconds) > Math.max(predictedSeconds, judgedSecondsMin) ? 'far' : 'near';
}
