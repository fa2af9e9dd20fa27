import type { KindCosts } from './kind-costs.js';
import type { Scores } from './scores.js';
import type { WorkerColumns } from './worker-columns.js';
import { WorkerHeap } from './worker-heap.js';

/**
 * The workers that may take a job of one unit of one kind, in the order of their scores. It gives the very worker that
 * a look at all of them would give, for a cost that grows with the logarithm of their number.
 *
 * A score changes when something happens to its worker, which `touch` notes and the next `first` makes good: a batch of
 * results from one worker moves it once. A score also grows while its worker is silent. The heap then holds a lower
 * bound of it, so `first` recomputes the head until the head's score is what the heap says.
 */
export class Ranking {
  private readonly heap: WorkerHeap;

  constructor(
    private readonly costs: KindCosts,
    private readonly columns: WorkerColumns,
    private readonly scores: Scores,
  ) {
    this.heap = new WorkerHeap(columns.capacity);
    for (let worker = 0; worker < columns.length; worker++) this.heap.touch(worker);
  }

  grow(capacity: number): void {
    this.heap.grow(capacity);
  }

  touch(worker: number): void {
    this.heap.touch(worker);
  }

  get empty(): boolean {
    this.settle();
    return this.heap.size === 0;
  }

  /** The first worker that is not `avoid`, or `none`. */
  first(now: number, avoid: number, none: number): number {
    this.settle();
    const first = this.head(now, none);
    if (first !== avoid || first === none) return first;
    this.heap.remove(avoid);
    const second = this.head(now, none);
    this.heap.touch(avoid);
    return second;
  }

  private head(now: number, none: number): number {
    while (this.heap.size > 0) {
      const worker = this.heap.first;
      const ticks = this.scores.ticks(worker, this.costs, 1, now);
      if (ticks <= this.heap.ticksOf(worker)) return worker;
      this.place(worker, ticks);
    }
    return none;
  }

  /** Puts the workers that changed where they belong, under the least score that they can have: without silence. */
  private settle(): void {
    while (this.heap.staleCount > 0) {
      const worker = this.heap.popStale();
      if (this.scores.eligible(worker, this.costs))
        this.place(worker, this.scores.ticks(worker, this.costs, 1, this.columns.progressAt[worker]));
      else this.heap.remove(worker);
    }
  }

  private place(worker: number, ticks: number): void {
    const columns = this.columns;
    const fill = columns.outstanding[worker] / columns.slots[worker];
    this.heap.place(worker, ticks, this.costs.expected[worker], fill, columns.usedAt[worker]);
  }
}
