import type { KindTotals, WatchWorkersResponse, WorkerInfo } from '../gen/trireme/v1/worker.js';

/** One worker as the view shows it. */
export interface WorkerRow {
  readonly worker: WorkerInfo;
  /** Jobs answered since the worker attached, over all kinds. */
  readonly done: number;
  readonly failed: number;
  /** Jobs answered a second since the list before; null when it was not in that one. */
  readonly jobsPerSecond: number | null;
}

/** A list, with what only two lists together can tell. */
export interface WorkerList {
  readonly rows: readonly WorkerRow[];
  readonly jobsWaiting: number;
  readonly jobsPerSecond: number | null;
  /** What became of jobs since the hub began; older hubs send none. */
  readonly kinds: readonly KindTotals[];
}

/** Turns counts into rates: compares each list with the one before. The clock is passed in. */
export class Rates {
  private before: { readonly atMs: number; readonly answered: ReadonlyMap<string, number> } | null = null;

  take({ workers, jobsWaiting, kinds }: WatchWorkersResponse, nowMs: number): WorkerList {
    const before = this.before;
    const answered = new Map<string, number>();
    const rows = workers.map((worker): WorkerRow => {
      const done = sum(worker, 'done');
      const failed = sum(worker, 'failed');
      answered.set(worker.id, done + failed);
      const earlier = before?.answered.get(worker.id);
      const seconds = before === null ? 0 : (nowMs - before.atMs) / 1000;
      // A worker that attached anew counts from 0 again.
      const rate = earlier === undefined || seconds <= 0 ? null : Math.max(0, done + failed - earlier) / seconds;
      return { worker, done, failed, jobsPerSecond: rate };
    });
    this.before = { atMs: nowMs, answered };
    const known = rows.filter(({ jobsPerSecond }) => jobsPerSecond !== null);
    return {
      rows,
      jobsWaiting,
      kinds,
      jobsPerSecond:
        before === null ? null : known.reduce((all, { jobsPerSecond }) => all + (jobsPerSecond as number), 0),
    };
  }
}

function sum({ kinds }: WorkerInfo, field: 'done' | 'failed'): number {
  return kinds.reduce((all, kind) => all + Number(kind[field]), 0);
}
