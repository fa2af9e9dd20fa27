/** Seconds that a sum reaches back: long enough that a share shows, short enough that a change of it does. */
export const minuteSeconds = 60;

/** A sum over the last minute, in steps of a second. Time is passed in and never goes back. */
export class LastMinute {
  private readonly steps = new Float64Array(minuteSeconds);
  private second = 0;

  add(amount: number, now: number): void {
    this.turn(now);
    this.steps[this.second % minuteSeconds] += amount;
  }

  sum(now: number): number {
    this.turn(now);
    return this.steps.reduce((total, step) => total + step, 0);
  }

  private turn(now: number): void {
    const second = Math.floor(now);
    // After a longer time nothing of it is left.
    for (let gone = Math.max(this.second, second - minuteSeconds); gone < second;)
      this.steps[++gone % minuteSeconds] = 0;
    this.second = Math.max(this.second, second);
  }
}
