/** Seconds between two looks at the jobs that run: a time-out or a cancel is noticed so much later at most. */
export const watchSeconds = 0.1;

/** What one look sees of the batch that runs on a thread. */
export interface Signs {
  /** Number of the batch, answers so far and words of progress: a change of any is a sign of life. */
  readonly batch: number;
  readonly answered: number;
  readonly progress: number;
  /** Nobody waits any more for the job that is answered next. */
  readonly unwanted: boolean;
}

/** TIMED_OUT: no sign of life for the time-out of its kind. UNWANTED: it did not stop when nobody waited any more. */
export type Overrun = 'TIMED_OUT' | 'UNWANTED';

/**
 * Decides when a thread must end because of the batch that it runs. Times in seconds of any clock that never goes back.
 */
export class Watchdog {
  private last: Signs | null = null;
  private since = 0;
  private unwantedSince = Infinity;

  /**
   * @param signs null: the thread runs nothing
   * @param lateSeconds how much too late this look comes: the process stood still, and so did its threads
   */
  look(
    signs: Signs | null,
    now: number,
    lateSeconds: number,
    timeoutSeconds: number,
    graceSeconds: number,
  ): Overrun | null {
    const { last } = this;
    this.last = signs;
    const same = signs !== null && signs.batch === last?.batch && signs.answered === last.answered;
    const still = same && signs.progress === last.progress;
    this.since = still ? this.since + lateSeconds : now;
    // Progress is no excuse for a job that nobody wants.
    if (!same || !signs.unwanted) this.unwantedSince = Infinity;
    if (signs === null) return null;
    if (signs.unwanted) this.unwantedSince = Math.min(this.unwantedSince + lateSeconds, now);
    if (now - this.since > timeoutSeconds) return 'TIMED_OUT';
    return now - this.unwantedSince > graceSeconds ? 'UNWANTED' : null;
  }
}
