import { CostLines } from '../../common/cost-lines.js';
import type { Kind } from '../../kinds/kind.js';
import { jobsPerBatchMax } from './thread-memory.js';

/**
 * A batch is this share of what each thread has to do: with one that runs and one that waits, a third is still to be
 * handed out, so threads end together and a late job of another hub does not wait long. Batches thus follow the window
 * of the hubs, which is wide only while no client could tell.
 */
const batchShareOfHeld = 1 / 3;

/**
 * Expected seconds of one batch at most: what may wait behind a job that is slower than thought. On a machine
 * whose cores are all busy, each batch costs some 300 us of wake-ups in worker, hub and client: 2 ms carried
 * 0.72 of the bare kernel's jobs, 4 ms 0.80, 10 ms 0.85. On a slower machine 15 ms carried 0.79 and 33 ms
 * 0.85. Batches are that long only where windows are wide, and those only where every client is further ahead
 * than this.
 */
export const batchSecondsMax = 0.035;

/** A batch is worth at least this where there is so much to do: below it, wake-ups cost a third of the jobs. */
export const batchSecondsBusy = 0.001;

/** Below this a batch is not split over idle threads: waking another thread would cost as much. */
export const batchSecondsMin = 0.00005;

/**
 * A batch expected to run longer has its thread to itself: nothing is put behind it. Above batchSecondsMax by
 * its lanes.
 */
export const shortBatchSecondsMax = 0.05;

if (batchSecondsMin > batchSecondsBusy || batchSecondsBusy > batchSecondsMax || batchSecondsMax > shortBatchSecondsMax)
  throw new Error('the bounds of batches must rise: least, busy, max, short');

/** A cost is above 0, or none could be cut to a multiple of it. */
const secondsMin = 1e-9;

/** Weight of the newest batch in a learned cost: some ten batches make a cost, as at the hubs. */
const learningRate = 0.1;

/** A batch of jobs that have a size counts at most so many times what was expected: the rest is a stall. */
const clipFactor = 4;

/** Seconds of one slot that jobs take: of kinds without size calibrated at start, and learned from then on. */
export class Costs {
  private readonly secondsPerUnit = new Map<number, number>();
  /** Kinds whose jobs have a size, as hubs learn them. */
  private readonly lines = new Map<number, CostLines>();

  /** The jobs of a kind have a size. */
  sized(kind: number): void {
    const lines = new CostLines(1);
    lines.assume(0, 0, 0, true);
    this.lines.set(kind, lines);
  }

  /** Takes what several threads measured at start: the median of each kind. */
  calibrated(measured: readonly { readonly kind: number; readonly secondsPerUnit: number }[][]): void {
    const byKind = new Map<number, number[]>();
    for (const { kind, secondsPerUnit } of measured.flat()) {
      byKind.set(kind, [...(byKind.get(kind) ?? []), secondsPerUnit]);
    }
    for (const [kind, seconds] of byKind) {
      seconds.sort((a, b) => a - b);
      this.secondsPerUnit.set(kind, seconds[seconds.length >> 1]);
    }
  }

  of(kind: number): number {
    return this.secondsPerUnit.get(kind) ?? 0;
  }

  /** Expected seconds of so many jobs of so many units together; 0: not known. */
  seconds(kind: number, jobs: number, units: number): number {
    const lines = this.lines.get(kind);
    return lines === undefined ? units * this.of(kind) : jobs * lines.fixed[0] + units * lines.perUnit[0];
  }

  /** Whether anything is known of what a kind takes. */
  known(kind: number): boolean {
    return this.lines.get(kind)?.isGuess(0) === false || this.of(kind) > 0;
  }

  learn(kind: number, jobs: number, units: number, seconds: number): void {
    const lines = this.lines.get(kind);
    if (lines !== undefined) {
      if (!(seconds > 0)) return;
      const most = lines.isGuess(0) ? Infinity : clipFactor * this.seconds(kind, jobs, units);
      return lines.learn(0, jobs, units, Math.max(secondsMin, Math.min(seconds, most)));
    }
    if (!(units > 0 && seconds > 0)) return;
    const old = this.of(kind);
    this.secondsPerUnit.set(kind, old === 0 ? seconds / units : old + learningRate * (seconds / units - old));
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
  const seconds = Math.min(secondsMax, Math.max(batchSecondsMin, share));
  // The allowance for rounding keeps a share that is exactly n jobs from becoming n - 1.
  const jobs = Math.floor(seconds / Math.max(secondsPerJob, 1e-9) + 1e-6);
  return Math.max(1, Math.min(waiting, jobsPerBatchMax, Math.max(1, Math.ceil(jobs / lanes)) * lanes));
}
