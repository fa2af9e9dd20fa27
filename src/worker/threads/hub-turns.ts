import type { Costs } from './costs.js';
import { HubJobs } from './hub-jobs.js';

/** The hubs that have given jobs, and whose turn it is to have one run next. */
export class HubTurns implements Iterable<HubJobs> {
  private readonly byNumber = new Map<number, HubJobs>();
  /** In the order of their next turn. */
  private turns: HubJobs[] = [];

  [Symbol.iterator](): Iterator<HubJobs> {
    return this.byNumber.values();
  }

  get(hub: number): HubJobs | undefined {
    return this.byNumber.get(hub);
  }

  /** What is known of this hub, from its first job on. */
  of(hub: number): HubJobs {
    let jobs = this.byNumber.get(hub);
    if (jobs === undefined) {
      this.byNumber.set(hub, (jobs = new HubJobs(hub)));
      this.turns.push(jobs);
    }
    return jobs;
  }

  /** The hub is gone. @returns what was known of it */
  forget(hub: number): HubJobs | undefined {
    const jobs = this.byNumber.get(hub);
    if (jobs === undefined) return undefined;
    jobs.heard = false;
    this.byNumber.delete(hub);
    this.turns = this.turns.filter((other) => other !== jobs);
    return jobs;
  }

  /** The hub whose turn it is among those with a job that may run, which goes to the end of the row; null: none has. */
  take(may: (kind: number) => boolean): HubJobs | null {
    const at = this.turns.findIndex((hub) => hub.next(may) !== null);
    if (at < 0) return null;
    const [hub] = this.turns.splice(at, 1);
    this.turns.push(hub);
    return hub;
  }

  /**
   * Of the hubs whose jobs wait here, the one with the least work decides: its clients may be waiting for a single job.
   */
  leastBacklogSeconds(costs: Costs): number {
    let least = Infinity;
    for (const hub of this.byNumber.values()) if (hub.waiting) least = Math.min(least, hub.backlogSeconds(costs));
    return least;
  }
}
