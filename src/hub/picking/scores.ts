import type { KindCosts } from './kind-costs.js';
import type { PickingOptions } from './options.js';
import type { RoundTrips } from './round-trips.js';
import { flag, type WorkerColumns } from './worker-columns.js';

/** Scores in the same tick are ties. A grid, rather than a difference, so that "tie" is transitive. */
const ticksPerSecond = 1e9;

/** Seconds added to the score per second of silence. */
const silenceFactor = 4;

/** Who may take a job and when it would be done there: the rules of the policy, over the columns. */
export class Scores {
  /** Slack of the window of a slot that has been at work all the time, in seconds, if above the usual. */
  wideSeconds = 0;

  constructor(
    private readonly options: PickingOptions,
    private readonly columns: WorkerColumns,
    private readonly roundTrips: RoundTrips,
  ) {}

  /** Whether the worker may be given one more job of the kind. */
  eligible(worker: number, costs: KindCosts): boolean {
    const columns = this.columns;
    if (columns.flags[worker] !== flag.present || costs.offered[worker] === 0) return false;
    const outstanding = columns.outstanding[worker];
    if (outstanding >= this.options.jobsOutstandingMax) return false;
    const slots = columns.slots[worker];
    const results = costs.results[worker];
    if (results < this.options.slowStartResults && costs.outstandingJobs[worker] >= slots + results) return false;
    return outstanding < slots || columns.running[worker] < columns.window[worker];
  }

  /** Expected seconds until the job would be answered, on the grid of ties. */
  ticks(worker: number, costs: KindCosts, units: number, now: number): number {
    return Math.floor((this.waitSeconds(worker, now) + this.jobSeconds(worker, costs, units)) * ticksPerSecond);
  }

  jobSeconds(worker: number, costs: KindCosts, units: number): number {
    const seconds = costs.sized ? costs.expectedSeconds(worker, units) : units * costs.expected[worker];
    return seconds > this.options.jobSecondsMin ? seconds : this.options.jobSecondsMin;
  }

  /** Round trip, queue and silence: everything of the score but the job itself. */
  waitSeconds(worker: number, now: number): number {
    const columns = this.columns;
    const queue = (columns.backlog[worker] + columns.elsewhere[worker]) / columns.slots[worker];
    const silence = this.silenceSeconds(worker, now);
    return this.roundTrips.least[worker] + queue + (silence > 0 ? silenceFactor * silence : 0);
  }

  silenceSeconds(worker: number, now: number): number {
    const columns = this.columns;
    if (columns.outstanding[worker] === 0) return 0;
    const together = (columns.running[worker] / columns.slots[worker]) * this.options.answeredTogether;
    const expected =
      columns.longest[worker] + together + this.roundTrips.least[worker] + this.options.silenceGraceSeconds;
    return now - columns.progressAt[worker] - expected;
  }

  /** Recomputes what follows from the outstanding jobs, their costs and the slots; after every change of any. */
  refresh(worker: number, kinds: readonly KindCosts[]): void {
    const columns = this.columns;
    const least = this.options.jobSecondsMin;
    let backlog = 0;
    let running = 0;
    let longest = 0;
    let usual = 0;
    let slowest = 0;
    for (let index = 0; index < kinds.length; index++) {
      const costs = kinds[index];
      if (costs.offered[worker] === 0) continue;
      const typical = costs.sized ? costs.typicalSeconds(worker) : costs.expected[worker];
      if (typical > slowest) slowest = typical;
      const jobs = costs.outstandingJobs[worker];
      if (jobs === 0) continue;
      const units = costs.outstandingUnits[worker];
      const fixed = costs.sized ? jobs * costs.fixedExpected[worker] : 0;
      const expected = Math.max(fixed + units * costs.expected[worker], jobs * least);
      backlog += expected;
      if (expected > usual * jobs) usual = expected / jobs;
      if (!costs.sized) running += Math.max(units * costs.usual[worker], jobs * least);
      else {
        running += Math.max(jobs * costs.fixed[worker] + units * costs.usual[worker], jobs * least);
        longest = Math.max(longest, costs.expectedSeconds(worker, costs.largest[worker]));
      }
    }
    columns.backlog[worker] = backlog;
    columns.running[worker] = running;
    columns.longest[worker] = Math.max(usual, longest);
    const roundTrip = this.roundTrips.least[worker];
    const slots = columns.slots[worker];
    // A worker that a quota holds back, or that has only begun, has not shown that it can do so much so soon.
    const atWork = Math.min(1, columns.worked[worker] / (this.options.workMemorySeconds * slots));
    const slack = Math.max(roundTrip, usual, slowest, this.options.windowFloorSeconds, this.wideSeconds * atWork);
    const window = slots * (roundTrip + Math.min(slack, this.options.windowSlackSecondsMax));
    // Half of the window stays open whatever other hubs are said to have there: their reports are a heartbeat old, and
    // two hubs that each left the worker to the other would both wait.
    columns.window[worker] = window - Math.min(columns.elsewhere[worker], window / 2);
  }
}
