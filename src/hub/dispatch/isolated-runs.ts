import type { AttachedWorker } from '../workers/attached-worker.js';
import { WAIT, type Picker } from '../picking/picker.js';

/**
 * Workers kept free for jobs that two workers died with: such a job is tried on a worker that holds nothing else, so
 * that it takes no other job with it.
 */
export class IsolatedRuns {
  constructor(
    private readonly workers: readonly (AttachedWorker | undefined)[],
    private readonly picker: Picker,
  ) {}

  /** A worker that holds nothing and may be given the job now; keeps one free for it if there is none yet. */
  workerFor(id: number, kind: number, now: number): AttachedWorker | undefined {
    const worker = this.keptFor(id) ?? this.keep(id, kind, now);
    return worker !== undefined && worker.state === 'SERVING' && holdsNothing(worker) ? worker : undefined;
  }

  /** The job is not to be tried any more, or has been. */
  end(id: number): void {
    const worker = this.keptFor(id);
    if (worker === undefined) return;
    worker.aloneJob = 0;
    this.picker.unreserve(worker.index);
  }

  private keptFor(id: number): AttachedWorker | undefined {
    return this.workers.find((worker) => worker?.aloneJob === id);
  }

  private keep(id: number, kind: number, now: number): AttachedWorker | undefined {
    const index = this.picker.reserve(kind, now);
    const worker = index === WAIT ? undefined : this.workers[index];
    if (worker !== undefined) worker.aloneJob = id;
    return worker;
  }
}

function holdsNothing(worker: AttachedWorker): boolean {
  return worker.jobs.length === 0 && worker.lent.size === 0;
}
