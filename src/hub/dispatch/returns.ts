import { nil } from '../jobs/job-list.js';
import type { JobTable } from '../jobs/job-table.js';
import { jobErrors } from '../port/job-errors.js';
import type { HubOptions } from '../port/options.js';
import type { AttachedWorker } from '../workers/attached-worker.js';
import type { OfferedKinds } from '../workers/offered-kinds.js';
import type { Turn } from '../workers/turn.js';
import type { Endings } from './endings.js';
import type { Hedges } from './hedges.js';
import type { JobLife } from './job-life.js';
import type { Places } from './places.js';
import type { Stalls } from './stalls.js';

/** Takes a job out of its worker's hands, by which time what it ran is accounted for. */
export type Release = (row: number, worker: AttachedWorker, exec: number, held: number, now: number) => void;

/**
 * Jobs that come back from a worker without an answer: given back, taken back, or lost with it. Each waits again,
 * before those that came later, unless it has used up what it may.
 */
export class Returns {
  constructor(
    private readonly options: Pick<HubOptions, 'jobAttemptsMax' | 'jobNotRunMax'>,
    private readonly offered: OfferedKinds,
    private readonly table: JobTable,
    private readonly places: Places,
    private readonly hedges: Hedges,
    private readonly stalls: Stalls,
    private readonly endings: Endings,
    private readonly life: JobLife,
    private readonly turn: Turn,
    private readonly release: Release,
  ) {}

  /**
   * A worker gave the job back unharmed. The row has been released.
   * @param asked the hub wanted it back
   */
  giveBack(row: number, asked: boolean): void {
    const { table } = this;
    this.life.notRun(row);
    this.untry(row);
    if (!asked && ++table.notRuns[row] > this.options.jobNotRunMax) {
      this.endings.fail(row, 'noWorker', jobErrors.notRun(table.notRuns[row]));
      return;
    }
    this.places.wait(row, true);
  }

  /** The worker is gone: each of its jobs waits again, or has used up its attempts. */
  orphan(worker: AttachedWorker): void {
    const { table } = this;
    for (const id of worker.lent.keys()) this.life.left(id, worker, NaN, this.turn.now());
    this.hedges.forget(worker);
    // Newest first, each to the front of its queue, so that the oldest ends up first.
    while (worker.jobs.tail !== nil) {
      const row = worker.jobs.tail;
      const id = table.ids[row];
      if (worker.aloneJob === id) worker.aloneJob = 0;
      this.places.leave(row, worker);
      table.losses[row]++;
      this.life.lost(id, this.turn.now());
      const kind = table.kinds[row];
      if (this.offered.runsOnce(kind)) {
        this.endings.fail(row, 'lost', jobErrors.mayHaveRun(this.offered.nameOf(kind) ?? String(kind)));
      } else if (table.attempts[row] >= this.attemptsMax(kind)) {
        this.endings.fail(row, 'lost', jobErrors.lost(table.attempts[row]));
      } else {
        this.places.wait(row, true);
      }
    }
  }

  /** Takes back what a worker has: it is not to be trusted, which is no fault of its jobs. */
  takeBackAll(worker: AttachedWorker): void {
    while (worker.jobs.tail !== nil) this.takeBack(worker.jobs.tail);
  }

  private attemptsMax(kind: number): number {
    const { jobAttemptsMax } = this.options;
    return Math.min(jobAttemptsMax, this.offered.termsOf(kind)?.attempts ?? jobAttemptsMax);
  }

  /** Takes the job from its worker for good; it waits for another one, unless it may not run twice. */
  takeBack(row: number): void {
    const kind = this.table.kinds[row];
    this.takeAway(row);
    if (this.offered.runsOnce(kind))
      return this.endings.fail(row, 'lost', jobErrors.mayHaveRun(this.offered.nameOf(kind) ?? String(kind)));
    this.untry(row);
    this.places.wait(row, true);
  }

  /** Takes a job out of whatever list it is in; a worker that has it is told to stop. */
  takeAway(row: number): void {
    const worker = this.places.holder(row);
    if (worker === undefined) return this.places.leave(row);
    worker.resultsForgiven++;
    this.stalls.noteTaken(worker, row, this.turn.now());
    worker.outbound.addCancel(this.table.ids[row]);
    this.turn.send(worker);
    this.release(row, worker, NaN, NaN, this.turn.now());
  }

  /** The last time that the job was given to a worker is no attempt: it came back through no fault of its own. */
  private untry(row: number): void {
    if (this.table.attempts[row] > 0) this.table.attempts[row]--;
  }
}
