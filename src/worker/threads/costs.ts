import type { Kind } from '../../kinds/kind.js';
import { batchSecondsBusy, batchSecondsLeast, batchSecondsMax, batchShareOfHeld, jobsPerBatchMax } from './limits.js';

/** Weight of the newest batch in a learned cost: some ten batches make a cost, as at the hubs. */
const learningRate = 0.1;

/** Seconds of one slot that a unit of each kind takes: calibrated at start, learned from then on. */
export class Costs {
  readonly #secondsPerUnit = new Map<number, number>();

  /** Takes what several threads measured at start: the median of each kind. */
  calibrated(measured: readonly { readonly kind: number; readonly secondsPerUnit: number }[][]): void {
    const byKind = new Map<number, number[]>();
    for (const { kind, secondsPerUnit } of measured.flat()) {
      byKind.set(kind, [...(byKind.get(kind) ?? []), secondsPerUnit]);
    }
    for (const [kind, seconds] of byKind) {
      seconds.sort((a, b) => a - b);
      this.#secondsPerUnit.set(kind, seconds[seconds.length >> 1]);
    }
  }

  of(kind: number): number {
    return this.#secondsPerUnit.get(kind) ?? 0;
  }

  learn(kind: number, units: number, seconds: number): void {
    if (!(units > 0 && seconds > 0)) return;
    const old = this.of(kind);
    this.#secondsPerUnit.set(kind, old + learningRate * (seconds / units - old));
  }
}

/** Seconds that a batch may be worth when each thread has so many seconds of work, given to it or waiting. */
export function batchSeconds(heldSecondsPerThread: number): number {
  return Math.min(batchSecondsMax, Math.max(batchSecondsBusy, heldSecondsPerThread * batchShareOfHeld));
}

/**
 * How many of `waiting` jobs a thread is given at once: enough that the hop between threads costs next to nothing, few
 * enough that idle threads share them, worth at most `secondsMax`, and a multiple of the kind's lanes.
 */
export function batchJobs(
  kind: Kind,
  waiting: number,
  secondsPerJob: number,
  threadsIdle: number,
  secondsMax: number,
): number {
  const lanes = kind.lanes ?? 1;
  const share = (waiting * secondsPerJob) / Math.max(1, threadsIdle);
  const seconds = Math.min(secondsMax, Math.max(batchSecondsLeast, share));
  // The allowance for rounding keeps a share that is exactly n jobs from becoming n - 1.
  const jobs = Math.floor(seconds / Math.max(secondsPerJob, 1e-9) + 1e-6);
  return Math.max(1, Math.min(waiting, jobsPerBatchMax, Math.max(1, Math.ceil(jobs / lanes)) * lanes));
}
