import type { KindRegistry } from '../../kinds/registry.js';
import type { Costs } from './costs.js';
import { JobQueue } from './job-queue.js';
import { ResultColumns } from './result-columns.js';

/** What the threads know of one hub: its waiting jobs by kind, how much of its work is held, and results not yet reported. */
export class HubJobs {
  readonly results = new ResultColumns();
  readonly #queues = new Map<number, JobQueue>();
  readonly #unitsHeld = new Map<number, number>();
  /** False once the hub is forgotten: what still runs ends unheard. */
  heard = true;

  constructor(readonly hub: number) {}

  get queues(): ReadonlyMap<number, JobQueue> {
    return this.#queues;
  }

  /** Does a job wait here for a thread? */
  get waiting(): boolean {
    for (const queue of this.#queues.values()) if (queue.length > 0) return true;
    return false;
  }

  queue(kind: number): JobQueue {
    let queue = this.#queues.get(kind);
    if (queue === undefined) this.#queues.set(kind, (queue = new JobQueue()));
    return queue;
  }

  /** The kind whose first job has waited longest among those that `may` start now; null when there is none. */
  oldestKind(registry: KindRegistry, sourcesMay: boolean): number | null {
    let oldest = Infinity;
    let found: number | null = null;
    for (const [number, queue] of this.#queues) {
      if (queue.oldest < oldest && (sourcesMay || registry.get(number)?.needsSource !== true)) {
        oldest = queue.oldest;
        found = number;
      }
    }
    return found;
  }

  /** Counts units of a kind in (or out, when negative). */
  hold(kind: number, units: number): void {
    this.#unitsHeld.set(kind, (this.#unitsHeld.get(kind) ?? 0) + units);
  }

  backlogSeconds(costs: Costs): number {
    let seconds = 0;
    for (const [kind, units] of this.#unitsHeld) seconds += units * costs.of(kind);
    return seconds;
  }
}
