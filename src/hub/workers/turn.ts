import type { AttachedWorker } from './attached-worker.js';
import type { JobTable } from '../jobs/job-table.js';
import type { Scheduler } from '../port/scheduler.js';

/** One turn of the event loop: its clock, and what it decides for each worker, which leaves when it ends. */
export class Turn {
  private readonly dirty: AttachedWorker[] = [];
  private scheduled = false;
  private began = 0;

  constructor(
    private readonly table: JobTable,
    private readonly scheduler: Scheduler,
    /** A job was taken from the worker before it was sent. */
    private readonly unsent: (worker: AttachedWorker, id: number, now: number) => void,
    /** What workers call each kind, by its index. */
    private readonly numbers: Readonly<Uint16Array>,
  ) {}

  /** The time at which this turn began to hand out jobs: reading the clock costs as much as a pick. */
  now(): number {
    if (!this.scheduled) this.began = this.scheduler.now();
    return this.began;
  }

  /** As `now`, read again: for input that came after the turn began. */
  freshNow(): number {
    return (this.began = this.scheduler.now());
  }

  /** Sends the worker what is in its outbound at the end of this turn. */
  send(worker: AttachedWorker): void {
    if (!worker.dirty) {
      worker.dirty = true;
      this.dirty.push(worker);
    }
    if (this.scheduled) return;
    this.scheduled = true;
    this.scheduler.soon(() => this.end());
  }

  /** The worker's stream takes more: what it would not take before goes out. */
  drained(worker: AttachedWorker): void {
    worker.blocked = false;
    if (!worker.outbound.empty) this.send(worker);
  }

  private end(): void {
    const now = this.began;
    this.scheduled = false;
    for (let at = 0; at < this.dirty.length; at++) {
      const worker = this.dirty[at];
      worker.dirty = false;
      if (worker.blocked || worker.gone) continue;
      const unsent: number[] = [];
      for (const message of worker.outbound.take(this.table, worker.index, now, unsent, this.numbers)) {
        const { shortIds } = worker;
        const sent = shortIds === null ? message : shortIds.outgoing(message);
        if (!worker.stream.send(sent)) worker.blocked = true;
      }
      for (const id of unsent) this.unsent(worker, id, now);
    }
    this.dirty.length = 0;
  }
}
