/** Length of one measurement. */
const spanSeconds = 0.25;
/** A measurement older than this says nothing about now. */
const staleSeconds = 2;

/** Jobs that leave the hub for workers each second while others wait: how long a queue will take. */
export class DrainRate {
  private count = 0;
  private since = -Infinity;
  private rate = 0;
  private measuredAt = -Infinity;

  /** A waiting job was given to a worker. */
  left(now: number): void {
    if (now - this.since > 2 * spanSeconds) {
      this.since = now;
      this.count = 0;
    }
    this.count++;
    if (now - this.since >= spanSeconds) {
      this.rate = this.count / (now - this.since);
      this.measuredAt = now;
      this.since = now;
      this.count = 0;
    }
  }

  /** Seconds until a job behind so many waiting ones is given out; 0 when nothing is known. */
  waitSeconds(waiting: number, now: number): number {
    return now - this.measuredAt > staleSeconds ? 0 : waiting / this.rate;
  }
}
