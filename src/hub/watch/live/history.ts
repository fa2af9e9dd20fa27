import type { KindState } from '../../jobs/kind-state.js';
import { logBins, quantileOf } from '../../jobs/log-histogram.js';
import type { HistoryDocument, HistoryKind, HistoryRow } from './types.js';

/** One row of the history, and one event for the page: people do not read faster. */
export const historyStepMs = 1_000;

/** A quarter of an hour: long enough to see what a change did, 900 points are all that a chart's width can show. */
export const historySeconds = 900;

/** Columns for each kind: jobs a second, p50, p99, p99 of the pooled queue. */
const columnsPerKind = 4;
/** Columns beside: time, jobs waiting, jobs live. */
const columnsBefore = 3;

/** What a kind had counted when the last row was written. */
interface Before {
  done: number;
  readonly latency: Float64Array;
  readonly pooled: Float64Array;
}

/** The last 15 minutes of a hub, a row a second, in one flat ring. */
export class History {
  private readonly width: number;
  private readonly ring: Float64Array;
  private readonly before: Before[];
  private readonly difference = new Float64Array(logBins);
  private rows = 0;
  private writtenAt = NaN;

  constructor(private readonly kinds: readonly KindState[]) {
    this.width = columnsBefore + kinds.length * columnsPerKind;
    this.ring = new Float64Array(this.width * historySeconds);
    this.before = kinds.map(() => ({
      done: 0,
      latency: new Float64Array(logBins),
      pooled: new Float64Array(logBins),
    }));
  }

  /** Writes a row. @param now seconds on the hub's clock, @param timeSeconds since 1970 */
  write(now: number, timeSeconds: number, jobsWaiting: number, jobsLive: number): void {
    const { ring, kinds } = this;
    const seconds = Number.isNaN(this.writtenAt) ? historyStepMs / 1000 : Math.max(1e-3, now - this.writtenAt);
    this.writtenAt = now;
    let at = (this.rows++ % historySeconds) * this.width;
    ring[at++] = timeSeconds;
    ring[at++] = jobsWaiting;
    ring[at++] = jobsLive;
    kinds.forEach(({ counters, latency, pooled }, index) => {
      const before = this.before[index];
      ring[at++] = (counters.done - before.done) / seconds;
      before.done = counters.done;
      const lately = this.since(latency.fine.counts, before.latency);
      ring[at++] = quantileOf(lately, 0.5);
      ring[at++] = quantileOf(lately, 0.99);
      ring[at++] = quantileOf(this.since(pooled.counts, before.pooled), 0.99);
    });
  }

  latest(): HistoryRow | null {
    if (this.rows === 0) return null;
    const at = ((this.rows - 1) % historySeconds) * this.width;
    const [time, jobsWaiting, jobsLive] = this.ring.subarray(at, at + columnsBefore);
    return { time, jobsWaiting, jobsLive, kinds: this.kinds.map((_kind, index) => this.kindAt(at, index)) };
  }

  document(): HistoryDocument {
    const columns = Array.from({ length: this.width }, (_each, column) => this.column(column));
    const ofKinds = (offset: number): (number | null)[][] =>
      this.kinds.map((_kind, index) => columns[columnsBefore + index * columnsPerKind + offset]);
    return {
      stepSeconds: historyStepMs / 1000,
      kinds: this.kinds.map(({ counters }) => counters.name),
      time: columns[0] as number[],
      jobsWaiting: columns[1] as number[],
      jobsLive: columns[2] as number[],
      jobsPerSecond: ofKinds(0) as number[][],
      p50Seconds: ofKinds(1),
      p99Seconds: ofKinds(2),
      pooledP99Seconds: ofKinds(3),
    };
  }

  private kindAt(row: number, index: number): HistoryKind {
    const at = row + columnsBefore + index * columnsPerKind;
    const [jobsPerSecond, p50, p99, pooled] = this.ring.subarray(at, at + columnsPerKind);
    return {
      jobsPerSecond: rounded(jobsPerSecond) ?? 0,
      p50Seconds: rounded(p50),
      p99Seconds: rounded(p99),
      pooledP99Seconds: rounded(pooled),
    };
  }

  /** Oldest first. */
  private column(column: number): (number | null)[] {
    const count = Math.min(this.rows, historySeconds);
    return Array.from({ length: count }, (_each, index) => {
      const value = this.ring[((this.rows - count + index) % historySeconds) * this.width + column];
      return column < columnsBefore ? value : rounded(value);
    });
  }

  /** What was counted since the last call, in a buffer that the next call writes over. */
  private since(counts: Float64Array, before: Float64Array): Float64Array {
    for (let bin = 0; bin < logBins; bin++) this.difference[bin] = counts[bin] - before[bin];
    before.set(counts);
    return this.difference;
  }
}

/** Four digits are more than a chart can show, and a third of the bytes. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Number(value.toPrecision(4));
}
