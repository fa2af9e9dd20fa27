import { JobList } from './job-list.js';
import { queueAlone, queueHeld, queueNone, queueOfKind, type JobTable } from './job-table.js';
import { KindState } from './kind-state.js';

/** The jobs that wait at the hub: one line per kind, and those that not every worker may take. */
export class WaitLines {
  readonly kinds = new Map<number, KindState>();
  /** Jobs that must not go to some worker. */
  readonly avoiding = new JobList();
  /** Jobs whose workers died twice. */
  readonly alone = new JobList();
  /** Jobs whose answer is audited. */
  readonly held = new JobList();
  /** Jobs that wait for a worker, in all lines. */
  count = 0;

  constructor(
    private readonly table: JobTable,
    private readonly kindNames: ReadonlyMap<number, string>,
  ) {}

  kind(kind: number): KindState {
    let state = this.kinds.get(kind);
    if (state === undefined)
      this.kinds.set(kind, (state = new KindState(kind, this.kindNames.get(kind) ?? `KIND_${kind}`)));
    return state;
  }

  /** Puts a row that is in no list at the end of a line, or at its front: it has waited already. */
  add(row: number, queue: number, first: boolean): void {
    const list = this.listOf(row, queue);
    this.table.queues[row] = queue;
    if (first) this.table.links.prepend(list, row);
    else this.table.links.append(list, row);
    if (queue !== queueHeld) this.count++;
  }

  remove(row: number): void {
    const queue = this.table.queues[row];
    this.table.links.remove(this.listOf(row, queue), row);
    this.table.queues[row] = queueNone;
    if (queue !== queueHeld) this.count--;
  }

  /** The kind whose first waiting job is the oldest, leaving out those that no worker may take now. */
  oldest(): KindState | null {
    const { submittedAt } = this.table;
    let oldest: KindState | null = null;
    for (const state of this.kinds.values()) {
      if (state.blocked || state.queue.length === 0) continue;
      if (oldest === null || submittedAt[state.queue.head] < submittedAt[oldest.queue.head]) oldest = state;
    }
    return oldest;
  }

  private listOf(row: number, queue: number): JobList {
    if (queue === queueOfKind) return this.kind(this.table.kinds[row]).queue;
    if (queue === queueHeld) return this.held;
    return queue === queueAlone ? this.alone : this.avoiding;
  }
}
