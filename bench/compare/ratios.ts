import { median } from '../captures/measure.js';

/** What one build gave in each round, and the other one in the same rounds. */
export interface Turns {
  readonly old: readonly number[];
  readonly new: readonly number[];
}

export interface Ratio {
  readonly oldMedian: number;
  readonly newMedian: number;
  /** New by old, of the medians. */
  readonly ratio: number;
  /** The least and the greatest of the rounds' own ratios. */
  readonly least: number;
  readonly most: number;
}

/** Compares two builds that took turns. */
export function ratioOf({ old, new: now }: Turns): Ratio {
  const rounds = now.map((value, i) => value / old[i]);
  const [oldMedian, newMedian] = [median(old), median(now)];
  return {
    oldMedian,
    newMedian,
    ratio: newMedian / oldMedian,
    least: Math.min(...rounds),
    most: Math.max(...rounds),
  };
}
