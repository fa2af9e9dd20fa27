/** Work that may be done twice before any work was done, and at most in one burst: some chunks of a first analysis. */
export const hedgeBurstSeconds = 2;

/**
 * How much work may be done twice: a share of what was executed. Seconds of one slot. A copy is charged what it is
 * expected to cost; when the worker that lost says what it spent, what is above that is given back: all if it had not
 * begun.
 * So over any time the extra work is at most share * executed + hedgeBurstSeconds, and one job more.
 */
export class HedgeBudget {
  private left: number;
  private readonly most: number;

  /** @param share of the work executed, from 0 (no copies) to 1 */
  constructor(readonly share: number) {
    this.left = this.most = share > 0 ? hedgeBurstSeconds : 0;
  }

  /** Whether a job may be copied now. */
  get open(): boolean {
    return this.left > 0;
  }

  executed(seconds: number): void {
    if (seconds > 0) this.give(this.share * seconds);
  }

  charge(seconds: number): void {
    this.left -= seconds;
  }

  /** One of two workers need not have run the job, or spent so much on it. */
  settle(chargedSeconds: number, spentSeconds: number): void {
    this.give(chargedSeconds - spentSeconds);
  }

  private give(seconds: number): void {
    this.left = Math.min(this.most, this.left + seconds);
  }
}
