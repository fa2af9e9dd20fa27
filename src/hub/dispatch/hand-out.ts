import type { AttachedWorker } from '../workers/attached-worker.js';
import type { DrainRate } from '../jobs/drain-rate.js';
import { nil, type JobList } from '../jobs/job-list.js';
import { queueAvoiding, type JobTable } from '../jobs/job-table.js';
import type { KindState } from '../jobs/kind-state.js';
import { HOLD, WAIT, type Picker } from '../picking/picker.js';
import type { IsolatedRuns } from './isolated-runs.js';
import type { WaitLines } from '../jobs/wait-lines.js';

/** Gives the row, which is in no list any more, to the worker. */
export type Give = (row: number, worker: AttachedWorker, state: KindState, now: number) => void;

/** Hands waiting jobs out: first those that few workers may have, then the urgent ones and the others, oldest first. */
export class HandOut {
  /** Jobs were passed over because their sink holds them back: nobody says when that ends. */
  passedOver = false;

  constructor(
    private readonly table: JobTable,
    private readonly lines: WaitLines,
    private readonly workers: readonly (AttachedWorker | undefined)[],
    private readonly picker: Picker,
    private readonly isolated: IsolatedRuns,
    private readonly drainRate: DrainRate,
    private readonly give: Give,
    /** Whether this worker must not have the row. */
    private readonly barred: (row: number, worker: AttachedWorker) => boolean,
  ) {}

  /** Hands out jobs until no worker can take more. */
  all(now: number): void {
    const { lines, table, picker } = this;
    this.passedOver = false;
    picker.holding.beginPass();
    if (lines.alone.length > 0) this.alone(now);
    if (lines.avoiding.length > 0) this.avoiding(now);
    for (;;) {
      const row = lines.next();
      if (row === nil) break;
      if (this.heldBack(row)) {
        // Out of the way of those that may go: the other line is looked through as a whole.
        lines.remove(row);
        lines.add(row, queueAvoiding, false);
        continue;
      }
      const kind = table.kinds[row];
      const state = lines.kind(kind);
      const { ofClients } = lines;
      // Held jobs let others pass, and so a client would get more than its share: there a job takes what is free.
      const worker =
        ofClients === null ? picker.pickOrHold(kind, table.units[row], now) : picker.pick(kind, table.units[row], now);
      if (worker === WAIT || worker === HOLD) {
        state.blocked = true;
        state.holding = worker === HOLD;
        if (state.holding) this.passHeld(row, state, now);
        continue;
      }
      this.giveNext(row, worker, state, now);
    }
    for (const state of lines.kinds.values()) state.blocked = false;
  }

  /** Gives a job out of its line. */
  private giveNext(row: number, worker: number, state: KindState, now: number): void {
    this.lines.remove(row);
    this.lines.given(row);
    this.drainRate.left(now);
    this.lines.ofClients?.drained(row, now);
    this.give(row, this.workers[worker] as AttachedWorker, state, now);
  }

  /** The next job of a kind is held for a busy worker: others of the kind that another one does at once pass it. */
  private passHeld(first: number, state: KindState, now: number): void {
    for (const list of [state.urgent, state.queue]) this.passHeldOf(list, first, state, now);
  }

  private passHeldOf(list: JobList, first: number, state: KindState, now: number): void {
    const { table, picker } = this;
    const { kind } = state.counters;
    let held = picker.holding.most;
    for (let row = list.head; row !== nil && held > 0;) {
      const following = table.links.next[row];
      if (row === first) {
        row = following;
        continue;
      }
      const worker = this.heldBack(row) ? HOLD : picker.pickOrHold(kind, table.units[row], now);
      if (worker === WAIT) return;
      if (worker === HOLD) held--;
      else this.giveNext(row, worker, state, now);
      row = following;
    }
  }

  /** The jobs that not every worker may have. */
  avoiding(now: number): void {
    const { lines, table, picker } = this;
    let fullKind = -1;
    for (let row = lines.avoiding.head; row !== nil;) {
      const following = table.links.next[row];
      const kind = table.kinds[row];
      if (kind !== fullKind && !this.heldBack(row)) {
        const worker = this.pickElsewhere(row, now);
        if (worker !== undefined) {
          lines.remove(row);
          this.give(row, worker, lines.kind(kind), now);
        } else if (!picker.anyEligible(kind)) fullKind = kind;
      }
      row = following;
    }
  }

  private alone(now: number): void {
    const { lines, table } = this;
    for (let row = lines.alone.head; row !== nil;) {
      const following = table.links.next[row];
      const kind = table.kinds[row];
      const worker = this.heldBack(row) ? undefined : this.isolated.workerFor(table.ids[row], kind, now);
      if (worker !== undefined) {
        lines.remove(row);
        this.give(row, worker, lines.kind(kind), now);
      }
      row = following;
    }
  }

  private heldBack(row: number): boolean {
    const held = this.table.sinks[row]?.heldBack === true;
    if (held) this.passedOver = true;
    return held;
  }

  /** The worker for a job that some must not get, or have already. */
  private pickElsewhere(row: number, now: number): AttachedWorker | undefined {
    const { table, picker } = this;
    const id = table.ids[row];
    const kind = table.kinds[row];
    let best: AttachedWorker | undefined;
    let bestSeconds = Infinity;
    let bestDoubtful = true;
    for (const worker of this.workers) {
      if (worker === undefined || !picker.canTake(worker.index, kind)) continue;
      if (worker.number === table.avoids[row] || worker.lent.has(id) || this.barred(row, worker)) continue;
      const seconds = picker.expectedSeconds(worker.index, kind, table.units[row], now);
      // One whose own jobs had to be given to others is no help, however fast it should be.
      const doubtful = worker.copiedUnanswered > 0;
      if (doubtful === bestDoubtful ? seconds >= bestSeconds : doubtful) continue;
      [best, bestSeconds, bestDoubtful] = [worker, seconds, doubtful];
    }
    return best;
  }
}
