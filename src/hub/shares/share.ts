import { LastMinute } from './last-minute.js';

/** What a client may have of the workers. */
export interface ShareTerms {
  /** Where the workers are full, clients get seconds of their work in proportion to it. */
  readonly weight: number;
  /** Seconds of work in each second at most; Infinity: no bound. */
  readonly secondsPerSecondMax: number;
}

/**
 * A client that has not used its bound may use so much of it at once: below that each short pause would be lost to it.
 */
export const burstSeconds = 1;

/** One client of those that share the workers. Seconds are those of one slot. */
export class Share {
  /** Seconds that workers measured, over the weight: see Shares. */
  settled = 0;
  /** Predicted seconds of its jobs that are with workers. */
  pendingSeconds = 0;
  /** Its jobs that have no answer, and those of them that are with workers. */
  live = 0;
  running = 0;
  /** Its jobs that wait in lines of its own. */
  waiting = 0;
  /** It has used up what its terms allow: none of its jobs is given out until that has grown again. */
  throttled = false;
  /** Seconds measured, and jobs that have ended. */
  secondsTotal = 0;
  jobsTotal = 0;
  readonly lastMinute = new LastMinute();
  private allowance: number;
  private allowedAt: number;

  constructor(
    readonly number: number,
    readonly name: string,
    public terms: ShareTerms,
    now: number,
  ) {
    this.allowance = this.burst;
    this.allowedAt = now;
  }

  /** What it was given, in virtual time: who has least is next. */
  get virtual(): number {
    return this.settled + this.pendingSeconds / this.terms.weight;
  }

  /** Its virtual time is no less than this: what lies before it is forgotten. */
  catchUp(virtual: number): void {
    this.settled = Math.max(this.settled, virtual - this.pendingSeconds / this.terms.weight);
  }

  private get burst(): number {
    return this.terms.secondsPerSecondMax * burstSeconds;
  }

  /** So many seconds count against its bound; negative ones are given back. */
  spend(seconds: number, now: number): void {
    if (this.terms.secondsPerSecondMax === Infinity) return;
    this.refresh(now);
    this.allowance -= seconds;
    this.throttled = this.allowance <= 0;
  }

  /** Lets what it may use grow with time. */
  refresh(now: number): void {
    const { secondsPerSecondMax } = this.terms;
    if (secondsPerSecondMax === Infinity) {
      this.throttled = false;
      return;
    }
    // It had no bound before, and so nothing counts of what it used.
    const before = Number.isFinite(this.allowance) ? this.allowance : this.burst;
    this.allowance = Math.min(this.burst, before + (now - this.allowedAt) * secondsPerSecondMax);
    this.allowedAt = now;
    this.throttled = this.allowance <= 0;
  }

  /** Seconds until a job of it may be given out; 0: now. */
  waitSeconds(now: number): number {
    this.refresh(now);
    return this.throttled ? -this.allowance / this.terms.secondsPerSecondMax : 0;
  }
}
