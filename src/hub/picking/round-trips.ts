import { grownFloats } from '../../common/grown-columns.js';

/**
 * The round trip to each worker without any queueing: the least of (reply time - time held by the worker) over the last
 * one to two spans of `memorySeconds`. The least, because whatever is above it is waiting, which the backlog counts.
 */
export class RoundTrips {
  /** Seconds, by worker. */
  least: Float64Array;
  private present: Float64Array;
  private before: Float64Array;
  private since: Float64Array;

  constructor(
    capacity: number,
    private readonly memorySeconds: number,
  ) {
    this.least = new Float64Array(capacity);
    this.present = new Float64Array(capacity);
    this.before = new Float64Array(capacity);
    this.since = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    this.least = grownFloats(this.least, capacity);
    this.present = grownFloats(this.present, capacity);
    this.before = grownFloats(this.before, capacity);
    this.since = grownFloats(this.since, capacity);
  }

  /** A worker joins; `seconds` is a guess and holds until the first sample. */
  start(worker: number, seconds: number, now: number): void {
    this.least[worker] = seconds;
    this.present[worker] = Infinity;
    this.before[worker] = Infinity;
    this.since[worker] = now;
  }

  learn(worker: number, seconds: number, now: number): void {
    const sample = seconds > 0 ? seconds : 0;
    if (now - this.since[worker] >= this.memorySeconds) {
      this.before[worker] = this.present[worker];
      this.present[worker] = sample;
      this.since[worker] = now;
    } else if (sample < this.present[worker]) this.present[worker] = sample;
    else return;
    this.least[worker] = Math.min(this.present[worker], this.before[worker]);
  }
}
