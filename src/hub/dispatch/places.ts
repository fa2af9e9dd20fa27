import { nil } from '../jobs/job-list.js';
import { queueAlone, queueAvoiding, queueOfKind, queueUrgent, type JobTable } from '../jobs/job-table.js';
import type { WaitLines } from '../jobs/wait-lines.js';
import { noWorker } from '../port/job-sink.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import type { IsolatedRuns } from './isolated-runs.js';

/**
 * Where each job is: in one line of those that wait, in the list of one worker, or between the two for as long as one
 * decision takes. A job comes into a line by `wait`, into a worker's list by `assign`, and leaves either by `leave`.
 */
export class Places {
  /** Jobs in lists of workers. */
  private held = 0;

  constructor(
    private readonly table: JobTable,
    private readonly lines: WaitLines,
    private readonly workers: readonly (AttachedWorker | undefined)[],
    private readonly isolated: IsolatedRuns,
    /** Told when a first job is with a worker, and when none is any more. */
    private readonly work: { begins(): void; rests(): void },
    private readonly now: () => number,
  ) {}

  /** The row that this worker holds under this id, or nil. */
  heldBy(worker: AttachedWorker, id: number): number {
    const row = this.table.rowOf(id);
    return row !== nil && this.table.workers[row] === worker.index ? row : nil;
  }

  /** The worker that holds the row, if one does. */
  holder(row: number): AttachedWorker | undefined {
    const index = this.table.workers[row];
    return index === noWorker ? undefined : this.workers[index];
  }

  /** A job waits. @param again it has waited before, and goes in front of those that came later */
  wait(row: number, again: boolean): void {
    if (again) this.lines.ofClients?.returned(row, this.now());
    this.lines.add(row, this.lineOf(row), again);
  }

  /** A worker gets a job that is nowhere. */
  assign(row: number, worker: AttachedWorker): void {
    if (this.held++ === 0) this.work.begins();
    this.table.workers[row] = worker.index;
    worker.payloadBytes += this.table.payloadBytes[row];
    this.table.links.append(worker.jobs, row);
  }

  /** A job leaves the place where it is. @param worker its holder, which may be gone already */
  leave(row: number, worker = this.holder(row)): void {
    const { table } = this;
    if (worker === undefined) {
      this.lines.remove(row);
      if (table.losses[row] > 0) this.isolated.end(table.ids[row]);
      return;
    }
    table.links.remove(worker.jobs, row);
    table.workers[row] = noWorker;
    worker.payloadBytes -= table.payloadBytes[row];
    if (--this.held === 0) this.work.rests();
    if (worker.aloneJob !== 0) this.isolated.end(table.ids[row]);
  }

  private lineOf(row: number): number {
    const { losses, avoids, copies, urgent } = this.table;
    if (losses[row] >= 2) return queueAlone;
    if (avoids[row] !== noWorker || copies[row] > 0) return queueAvoiding;
    return urgent[row] === 1 ? queueUrgent : queueOfKind;
  }
}
