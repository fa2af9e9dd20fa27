import { LogHistogram } from './log-histogram.js';

/** Upper bounds of the buckets in seconds: 1, 2 and 5 of each decade from 50 us to 100 s. */
export const bucketBoundsSeconds: readonly number[] = [
  5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100,
];

/**
 * Latencies of one kind. prom-client's own histogram looks labels up for every observation, which costs more than the
 * whole way of a job through the front; this one is an array and a short search.
 */
export class LatencyHistogram {
  /** Observations per bucket; the last is beyond every bound. */
  readonly counts = new Float64Array(bucketBoundsSeconds.length + 1);
  /** The same in bins fine enough to read a 99th percentile off. */
  readonly fine = new LogHistogram();
  sumSeconds = 0;
  count = 0;

  observe(seconds: number): void {
    let bucket = 0;
    while (bucket < bucketBoundsSeconds.length && seconds > bucketBoundsSeconds[bucket]) bucket++;
    this.counts[bucket]++;
    this.fine.observe(seconds);
    this.sumSeconds += seconds;
    this.count++;
  }
}
