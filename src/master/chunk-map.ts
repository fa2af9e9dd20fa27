import { storedRange } from '../pcap/chunk-plans.js';
import type { ChunkPlan } from '../pcap/types.js';
import { keyOf } from './chunk-jobs.js';

/** Who gave a chunk's result: a worker, or the ledger after a change of master. */
export type ChunkOrigin = 'worker' | 'ledger';

/** One chunk for those who look: where it lies, and who has it. */
export interface ChunkFacts {
  readonly start: number;
  readonly end: number;
  readonly state: 'waiting' | 'running' | 'done';
  /** Number of the worker that scans it at the hub, or null. */
  readonly worker: number | null;
  /** Name of the worker that answered it, which may have gone since; else empty. */
  readonly by: string;
  /** Done by an earlier master. */
  readonly resumed: boolean;
}

interface Entry {
  readonly plan: ChunkPlan;
  origin: ChunkOrigin | null;
  /** Name of the worker that answered it here. */
  by: string;
}

/** What is known of the chunks of one analysis: counted once each, however often they were tried. */
export class ChunkMap {
  private readonly entries = new Map<string, Entry>();
  scanned = 0;
  resumed = 0;
  private bytes = 0;

  constructor(private readonly sizeBytes: number) {}

  get total(): number {
    return this.entries.size;
  }

  /** Bytes of the file whose chunks are done; a chunk that is scanned again counts twice, but never past the file. */
  get bytesDone(): number {
    return Math.min(this.sizeBytes, this.bytes);
  }

  /** Other chunks than those so far come. */
  clear(): void {
    this.entries.clear();
    this.bytes = 0;
  }

  add(plans: readonly ChunkPlan[]): void {
    for (const plan of plans) this.entries.set(keyOf(plan), { plan, origin: null, by: '' });
  }

  /** A worker answered it; done it is once its result is kept. */
  answered(plan: ChunkPlan, workerName: string): void {
    const entry = this.entries.get(keyOf(plan));
    if (entry !== undefined) entry.by = workerName;
  }

  done(plan: ChunkPlan, origin: ChunkOrigin): void {
    const entry = this.entries.get(keyOf(plan));
    if (entry === undefined || entry.origin !== null) return;
    entry.origin = origin;
    if (origin === 'worker') this.scanned++;
    else this.resumed++;
    const { from, to } = storedRange(plan, this.sizeBytes);
    this.bytes += to - from;
  }

  /** In file order. @param holderOf number of the worker that has it, or null */
  facts(holderOf: (plan: ChunkPlan) => number | null): ChunkFacts[] {
    return [...this.entries.values()]
      .map(({ plan, origin, by }): ChunkFacts => {
        const worker = origin === null ? holderOf(plan) : null;
        const state = origin !== null ? 'done' : worker !== null ? 'running' : 'waiting';
        const { from: start, to: end } = storedRange(plan, this.sizeBytes);
        return { start, end, state, worker, resumed: origin === 'ledger', by };
      })
      .sort((a, b) => a.start - b.start || a.end - b.end);
  }
}
