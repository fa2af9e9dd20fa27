import { build, type Histogram } from 'hdr-histogram-js';

/** Latencies in microseconds. */
export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
}

/** Longest latency that is told apart: ten minutes, in the histogram's unit of 100 ns. */
const highest = 6_000_000_000;

/** An HDR histogram of latencies, three significant digits. */
export class LatencyRecord {
  private readonly histogram: Histogram = build({
    bitBucketSize: 64,
    highestTrackableValue: highest,
    numberOfSignificantValueDigits: 3,
  });

  record(latencyMs: number, count: number): void {
    const value = Math.min(highest, Math.max(1, Math.round(latencyMs * 10_000)));
    this.histogram.recordValueWithCount(value, count);
  }

  add(other: LatencyRecord): void {
    this.histogram.add(other.histogram);
  }

  get count(): number {
    return this.histogram.totalCount;
  }

  summary(): LatencySummary {
    const at = (percentile: number): number => this.histogram.getValueAtPercentile(percentile) / 10;
    return {
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.histogram.maxValue / 10,
      mean: this.histogram.mean / 10,
    };
  }
}
