import { JobList, nil } from './job-list.js';
import type { JobTable } from './job-table.js';

/** A deadline is noticed within this time: finer would wake an idle process more often than clients can tell. */
export const wheelTickSeconds = 0.01;
/** Buckets of one revolution (10 s); jobs with later deadlines stay in their bucket for further revolutions. */
const bucketsCount = 1024;

/** Deadlines of live jobs by time, through the table's timer links: setting and clearing one moves four numbers. */
export class DeadlineWheel {
  private readonly buckets = Array.from({ length: bucketsCount }, () => new JobList());
  /** Jobs that have a deadline. */
  length = 0;
  private lastTick = 0;

  constructor(private readonly table: JobTable) {}

  set(row: number, deadline: number, now: number): void {
    if (this.length === 0) this.lastTick = Math.floor(now / wheelTickSeconds);
    const tick = Math.max(Math.ceil(deadline / wheelTickSeconds), this.lastTick + 1);
    const bucket = tick % bucketsCount;
    this.table.timerBuckets[row] = bucket;
    this.table.timerLinks.append(this.buckets[bucket], row);
    this.length++;
  }

  clear(row: number): void {
    const bucket = this.table.timerBuckets[row];
    if (bucket === nil) return;
    this.table.timerLinks.remove(this.buckets[bucket], row);
    this.table.timerBuckets[row] = nil;
    this.length--;
  }

  /** Ids of the jobs whose deadline has passed are added to `expired`; whoever ends them clears them. */
  advance(now: number, expired: number[]): void {
    const tick = Math.floor(now / wheelTickSeconds);
    // After a long stop (a suspended machine) one revolution meets every bucket.
    let at = Math.max(this.lastTick, tick - bucketsCount);
    this.lastTick = Math.max(this.lastTick, tick);
    const { ids, deadlines, timerLinks } = this.table;
    while (at < tick && this.length > 0) {
      at++;
      for (let row = this.buckets[at % bucketsCount].head; row !== nil; row = timerLinks.next[row]) {
        if (deadlines[row] <= now) expired.push(ids[row]);
      }
    }
  }
}
