import { JobList } from './job-list.js';
import { LatencyHistogram } from './latency-histogram.js';
import { LogHistogram } from './log-histogram.js';
import type { KindCounters } from '../port/snapshot.js';

/** Outcomes that a job may have beside being done. */
export type FailureCount = 'failed' | 'queueFull' | 'expired' | 'cancelled' | 'lost' | 'noWorker' | 'draining';

/** One kind at a hub: its jobs that wait, in two lines that are each first in, first out, and its counts. */
export class KindState {
  readonly queue = new JobList();
  /** Those that go before the others. */
  readonly urgent = new JobList();
  /** Set during one pass over the queues when no worker may take this kind now. */
  blocked = false;
  /** A job waits, though a worker has room, for one that will have it done sooner: see Picker.pickOrHold. */
  holding = false;
  readonly counters: KindCounters;
  /** From submit to answer, of the jobs that were answered. */
  readonly latency = new LatencyHistogram();
  /** Latencies of one ideal queue before all slots, a lower reference: see Optimum, whose columns these are. */
  readonly pooled = new LogHistogram();
  unitsSubmitted = 0;
  /** Seconds of all workers together for one unit, and for what of a job is not in its units; 0 while unknown. */
  fleetSecondsPerUnit = 0;
  fleetFixedSeconds = 0;
  /** Least seconds of a job: a fixed part, and a part for each unit. */
  floorSeconds = 0;
  floorSecondsPerUnit = 0;

  constructor(kind: number, name: string) {
    this.counters = {
      kind,
      name,
      submitted: 0,
      picks: 0,
      retries: 0,
      copies: 0,
      probes: 0,
      copiesWon: 0,
      wastedSeconds: 0,
      recalls: 0,
      notRun: 0,
      duplicates: 0,
      done: 0,
      failed: 0,
      queueFull: 0,
      expired: 0,
      cancelled: 0,
      lost: 0,
      noWorker: 0,
      draining: 0,
    };
  }
}
