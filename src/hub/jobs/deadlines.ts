import { DeadlineWheel, wheelTickSeconds } from './deadline-wheel.js';
import type { JobTable } from './job-table.js';
import type { Scheduler } from '../port/scheduler.js';

/** Wakes up when deadlines of live jobs pass, and only while there are any. */
export class Deadlines {
  private readonly wheel: DeadlineWheel;
  private scheduled = false;

  /** @param expire hears the ids of the jobs that are past their deadline; it ends them, which clears them here */
  constructor(
    private readonly table: JobTable,
    private readonly scheduler: Scheduler,
    private readonly expire: (ids: readonly number[], now: number) => void,
  ) {
    this.wheel = new DeadlineWheel(table);
  }

  /** Jobs that have one. */
  get length(): number {
    return this.wheel.length;
  }

  set(row: number, deadline: number, now: number): void {
    this.table.deadlines[row] = deadline;
    this.wheel.set(row, deadline, now);
    this.turn();
  }

  clear(row: number): void {
    this.wheel.clear(row);
  }

  private turn(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    this.scheduler.after(wheelTickSeconds, () => {
      this.scheduled = false;
      const now = this.scheduler.now();
      const expired: number[] = [];
      this.wheel.advance(now, expired);
      if (expired.length > 0) this.expire(expired, now);
      if (this.wheel.length > 0) this.turn();
    });
  }
}
