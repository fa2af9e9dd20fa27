/** Overdue jobs of which a worker must have answered none, or as many as it has slots if it has fewer. */
export const stallJobs = 3;

/**
 * Seconds that each of them was with it: three periods of a CPU quota, during most of which a held worker stands still.
 */
export const stallSeconds = 0.3;

/** One overdue job is enough after so long, where its worker has answered nothing else meanwhile. */
export const stallSecondsAlone = 1;

/** Seconds until the second probe, if the first one is not answered; each wait is twice the one before. */
export const probeSecondsFirst = 0.25;

/** Longest wait for the next probe: a worker that has come back is of use again within this time. */
export const probeSecondsMax = 8;

/** Workers that may have one job beside its holder, suspended ones included: bounds what one job can cost. */
export const copiesMax = 32;

/** So long without any answer, while jobs wait, those count too that were overdue before its last answer. */
export const silentSeconds = 5;

/** What is known of a suspended worker: it said that it lives, and answered none of its overdue jobs. */
export interface Stall {
  /** Id of the job that it was given to see whether it answers, or 0. */
  probe: number;
  /** When it is given the next one, and the wait after that. */
  probeAt: number;
  probeWaitSeconds: number;
}

/** What a worker owes, as one look sees it. Seconds on the hub's clock. */
export interface Owed {
  /** When the worker last answered a job, or joined. */
  readonly answeredAt: number;
  readonly slots: number;
  /** Overdue jobs that were taken from it since. */
  readonly missed: number;
}

/**
 * Whether a worker answers nothing. Shown the jobs that it has, one after another, until it says yes. A job counts if
 * it became overdue after the worker's last answer, and if another worker has answered one of its kind that was given
 * out later: where nobody answers, the jobs are slow and not the workers.
 */
export class StallCount {
  private count: number;

  constructor(
    private readonly owed: Owed,
    private readonly now: number,
  ) {
    this.count = owed.missed;
  }

  /**
   * @param trusted the prediction by which it is overdue is to be relied on: the worker has done such jobs, say
   * @param othersAnswered another worker has answered a job of the kind that was given out later
   * @returns true when the worker is to be suspended
   */
  add(givenAt: number, overdueAt: number, trusted: boolean, othersAnswered: boolean): boolean {
    const { owed, now } = this;
    if (overdueAt > now || overdueAt <= owed.answeredAt) return false;
    const seconds = now - givenAt;
    if (othersAnswered && seconds >= stallSeconds) this.count++;
    if (this.count >= Math.min(stallJobs, owed.slots)) return true;
    return seconds >= stallSecondsAlone && (trusted || othersAnswered);
  }
}
