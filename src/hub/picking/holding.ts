import type { KindCosts } from './kind-costs.js';
import type { Scores } from './scores.js';
import { flag, type WorkerColumns } from './worker-columns.js';

/** Workers that are looked at for the sake of jobs that are held, in one pass over what waits: some 50 us. */
const heldLooksMax = 2048;

/** Jobs that wait at the hub though a worker has room, for one that will have them done sooner. */
export class Holding {
  private any = false;

  constructor(
    private readonly columns: WorkerColumns,
    private readonly scores: Scores,
  ) {}

  /** What was held before is looked at anew. */
  beginPass(): void {
    if (!this.any) return;
    this.any = false;
    this.columns.held.fill(0);
  }

  /** Jobs of one line that may be held in one pass: behind them nothing is looked at. */
  get most(): number {
    return Math.max(1, Math.floor(heldLooksMax / Math.max(1, this.columns.length)));
  }

  /** Whether a worker without room will have the job done before this one; it is then held for the first of those. */
  holds(best: number, costs: KindCosts, units: number, now: number): boolean {
    const { columns, scores } = this;
    let sooner = -1;
    let seconds = scores.waitSeconds(best, now) + scores.jobSeconds(best, costs, units);
    for (let worker = 0; worker < columns.length; worker++) {
      if (columns.flags[worker] !== flag.present || costs.offered[worker] === 0) continue;
      if (scores.eligible(worker, costs)) continue;
      const before = scores.waitSeconds(worker, now) + columns.held[worker] / columns.slots[worker];
      const expected = before + scores.jobSeconds(worker, costs, units);
      if (expected >= seconds) continue;
      sooner = worker;
      seconds = expected;
    }
    if (sooner < 0) return false;
    columns.held[sooner] += scores.jobSeconds(sooner, costs, units);
    return (this.any = true);
  }
}
