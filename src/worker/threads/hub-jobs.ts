import type { Costs } from './costs.js';
import { JobQueue } from './job-queue.js';
import { ResultColumns } from './result-columns.js';
import { urgentInRowMax } from '../../common/limits.js';

/** Waiting jobs of one kind that are alike in how they wait. */
export interface Line {
  readonly kind: number;
  /** These go before others. */
  readonly urgent: boolean;
  readonly queue: JobQueue;
}

/**
 * What the threads know of one hub: its waiting jobs by kind, how much of its work is held, and results not
 * yet reported.
 */
export class HubJobs {
  readonly results = new ResultColumns();
  /** In the order in which their first job came. */
  readonly lines: Line[] = [];
  private readonly held = new Map<number, { jobs: number; units: number }>();
  /** False once the hub is forgotten: what still runs ends unheard. */
  heard = true;
  private urgentInRow = 0;

  constructor(readonly hub: number) {}

  /** Does a job wait here for a thread? */
  get waiting(): boolean {
    return this.lines.some(({ queue }) => queue.length > 0);
  }

  queue(kind: number, urgent: boolean): JobQueue {
    let line = this.lines.find((each) => each.kind === kind && each.urgent === urgent);
    if (line === undefined) this.lines.push((line = { kind, urgent, queue: new JobQueue() }));
    return line.queue;
  }

  /**
   * The line whose first job is next among those that `may` start now, or null: of the urgent ones the one that has
   * waited longest, and in their turn of the others.
   */
  next(may: (kind: number) => boolean): Line | null {
    const urgent = this.oldest((line) => line.urgent && may(line.kind));
    if (urgent !== null && this.urgentInRow < urgentInRowMax) return urgent;
    return this.oldest((line) => !line.urgent && may(line.kind)) ?? urgent;
  }

  /** A batch of this line is about to run. */
  taken({ urgent }: Line): void {
    this.urgentInRow = urgent ? this.urgentInRow + 1 : 0;
  }

  private oldest(wanted: (line: Line) => boolean): Line | null {
    let found: Line | null = null;
    for (const line of this.lines) {
      if (line.queue.length > 0 && line.queue.oldest < (found?.queue.oldest ?? Infinity) && wanted(line)) found = line;
    }
    return found;
  }

  /** Counts jobs of a kind and their units in (or out, when negative). */
  hold(kind: number, jobs: number, units: number): void {
    const held = this.held.get(kind);
    if (held === undefined) return void this.held.set(kind, { jobs, units });
    held.jobs += jobs;
    held.units += units;
  }

  backlogSeconds(costs: Costs): number {
    let seconds = 0;
    for (const [kind, { jobs, units }] of this.held) seconds += costs.seconds(kind, jobs, units);
    return seconds;
  }
}
