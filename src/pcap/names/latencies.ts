import { takeCount, takeList, refuseNames } from './invalid-names.js';

/** Parts of each power of two: a time is told within 1/64 of itself. */
const parts = 32;
const partsBits = 5;
/** Times below 2^53 ns, which are 104 days. */
const rows = (53 - partsBits + 1) * parts;

/** How long answers took: exact counts of times in rows that are a thirty-second of a power of two wide. */
export class Latencies {
  private readonly counts = new Float64Array(rows);
  count = 0;
  sum = 0;
  least = 0;
  most = 0;

  add(ns: number): void {
    this.counts[rowOf(ns)]++;
    this.least = this.count === 0 ? ns : Math.min(this.least, ns);
    this.most = Math.max(this.most, ns);
    this.sum += ns;
    this.count++;
  }

  /** ns below which this share of the times is, within 1/64; null: there are none. */
  quantile(share: number): number | null {
    if (this.count === 0) return null;
    let left = Math.ceil(this.count * share);
    const row = this.counts.findIndex((count) => (left -= count) <= 0);
    return Math.max(this.least, Math.min(this.most, middleOf(row)));
  }

  get mean(): number | null {
    return this.count === 0 ? null : Math.floor(this.sum / this.count);
  }

  state(): unknown {
    const { count, sum, least, most } = this;
    return { count, sum, least, most, counts: [...this.counts.entries()].filter(([, times]) => times > 0) };
  }

  /** @throws TriremeError JOB_FAILED */
  restore(state: unknown): void {
    const { count, sum, least, most, counts } = (state ?? {}) as Record<string, unknown>;
    [this.count, this.sum, this.least, this.most] = [count, sum, least, most].map(takeCount);
    for (const pair of takeList(counts)) {
      const [row, times] = takeList(pair).map(takeCount);
      if (row >= rows) refuseNames('a row of times');
      this.counts[row] = times;
    }
  }
}

function rowOf(ns: number): number {
  if (ns < parts) return ns;
  const high = Math.floor(ns / 2 ** 32);
  const bits = high === 0 ? 31 - Math.clz32(ns) : 63 - Math.clz32(high);
  const part = Math.floor(ns / 2 ** (bits - partsBits)) - parts;
  return (bits - partsBits + 1) * parts + part;
}

function middleOf(row: number): number {
  if (row < parts) return row;
  const width = 2 ** (Math.floor(row / parts) - 1);
  return (parts + (row % parts)) * width + Math.floor(width / 2);
}
