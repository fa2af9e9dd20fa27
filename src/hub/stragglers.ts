import type { AttachedWorker } from './attached-worker.js';
import { nil } from './job-list.js';
import type { JobTable } from './job-table.js';
import type { LentJob } from './lent-job.js';
import type { Picker } from './picking/picker.js';
import { WAIT } from './picking/picker.js';
import type { Scheduler } from './scheduler.js';
import { noWorker } from './types.js';

/** Silent workers are looked for this often; less often with very many workers, so that looking costs under 1 %. */
const lookSecondsMin = 0.002;
const lookSecondsPerWorker = 10e-6;

/** Workers that may have one job at the same time: the one that stands still, a second, and if that stands still too, a third. */
const copiesPerJobMax = 2;

export interface StragglersPorts {
  readonly table: JobTable;
  readonly workers: readonly (AttachedWorker | undefined)[];
  /** Jobs that wait at the hub. */
  waiting(): number;
  /** Gives the row, which is in no list, to the worker. */
  copy(row: number, worker: AttachedWorker, now: number): void;
  /** Sends the worker what is in its outbound at the end of this turn. */
  markDirty(worker: AttachedWorker): void;
}

/**
 * Gives the jobs of a worker that stands still to another worker as well, when no job waits at the hub; the first answer
 * counts. A worker under a CPU quota of a tenth stands still for nine tenths of every 0.1 s, and a connection whose
 * answers come in order then stands still with it: in simulation (bench/policy) 20,000 jobs with 1,024 in flight took 2.3
 * times the ideal time without copies and 1.0 with them.
 *
 * The silent worker keeps a job that was copied among its `lent` ones, and in the picker's books, until it says what
 * became of it. Only jobs of one unit are copied: chunks are the master's, which copies them by its own rule.
 */
export class Stragglers {
  private scheduled = false;
  private dueAt = 0;

  constructor(
    private readonly copyAfterSeconds: number,
    private readonly picker: Picker,
    private readonly scheduler: Scheduler,
    private readonly ports: StragglersPorts,
  ) {}

  /** A job was given to a worker: from now on there is something to look at. */
  watch(): void {
    if (this.scheduled || this.copyAfterSeconds === Infinity) return;
    this.scheduled = true;
    const seconds = Math.max(lookSecondsMin, this.ports.workers.length * lookSecondsPerWorker);
    this.dueAt = this.scheduler.now() + seconds;
    // Timers run before sockets are read: the look comes after, so that results which wait to be read are not missed.
    this.scheduler.after(seconds, () => this.scheduler.soon(() => this.look()));
  }

  /** The worker says what became of a job that it was given, or is told to forget it. Null: it was not copied. */
  takeLent(worker: AttachedWorker, id: number): LentJob | null {
    const lent = worker.lent.get(id);
    if (lent === undefined) return null;
    worker.lent.delete(id);
    return lent;
  }

  /** The job has ended: workers that still have it need not run it. Each will still say what became of it. */
  callOff(row: number): void {
    const { table, workers } = this.ports;
    if (table.copies[row] === 0) return;
    for (const worker of workers) {
      if (worker === undefined || !worker.lent.has(table.ids[row])) continue;
      worker.outbound.addCancel(table.ids[row]);
      this.ports.markDirty(worker);
    }
  }

  private look(): void {
    this.scheduled = false;
    const now = this.scheduler.now();
    let watched = false;
    // A hub that was itself held up has results to read first.
    const late = now - this.dueAt > this.copyAfterSeconds;
    for (const worker of this.ports.workers) {
      if (worker === undefined || worker.jobs.length === 0) continue;
      watched = true;
      if (late || this.ports.waiting() > 0) continue;
      if (this.picker.silenceSeconds(worker.index, now) > this.copyAfterSeconds) this.lend(worker, now);
    }
    if (watched) this.watch();
  }

  /** Copies the worker's jobs, oldest first, until no other worker has room. */
  private lend(from: AttachedWorker, now: number): void {
    const { table, workers } = this.ports;
    for (let row = from.jobs.head; row !== nil;) {
      const following = table.links.next[row];
      const id = table.ids[row];
      if (table.units[row] === 1 && table.copies[row] < copiesPerJobMax && from.aloneJob !== id) {
        const index = this.picker.pick(table.kinds[row], 1, now, from.index);
        if (index === WAIT) return;
        const to = workers[index] as AttachedWorker;
        if (!to.lent.has(id) && table.avoids[row] !== to.number) {
          table.links.remove(from.jobs, row);
          table.workers[row] = noWorker;
          table.copies[row]++;
          from.lent.set(id, { kind: table.kinds[row], units: 1, givenAt: table.givenAt[row] });
          this.ports.copy(row, to, now);
        }
      }
      row = following;
    }
  }
}
