import type { KindBatch } from '../kind.js';

/** Between two looks at a job that a process runs: so late a time-out or a cancel is noticed at most. */
const lookMs = 50;

/** Why a job was ended before its process had answered. */
export type Stop = 'UNWANTED' | 'TIMED_OUT';

/** What became of a job that a process was to run. */
export type Outcome =
  | { readonly type: 'done'; readonly bytes: Uint8Array }
  | { readonly type: 'failed'; readonly reason: string }
  /** Nobody waited for it any more. */
  | { readonly type: 'not-begun' }
  /** Its process was ended. */
  | { readonly type: 'stopped'; readonly why: Stop; readonly complaint: string };

/** Begins to look after a job; `stopped` hears, once, that it is to be ended. */
export type Oversee = (stopped: () => void) => Overseer;

/**
 * Looks after one job that a process runs: tells the worker that its thread lives, and stops when nobody
 * waits for the job any more or its time is over. Time in which this process stood still is not counted.
 */
export class Overseer {
  private elapsedMs = 0;
  private lookedMs = performance.now();
  private stop: Stop | null = null;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly batch: KindBatch,
    private readonly index: number,
    private readonly timeoutSeconds: number,
    private readonly stopped: () => void,
  ) {
    this.timer = setInterval(() => this.look(), lookMs);
  }

  /** Null: the job may go on. */
  get why(): Stop | null {
    return this.stop;
  }

  /** The process said that it works: the job's time begins anew. */
  alive(): void {
    this.elapsedMs = 0;
  }

  end(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const now = performance.now();
    this.elapsedMs += Math.min(now - this.lookedMs, 2 * lookMs);
    this.lookedMs = now;
    this.batch.progress(0);
    if (this.stop !== null) return;
    if (this.batch.cancelled(this.index)) this.stop = 'UNWANTED';
    else if (this.elapsedMs > this.timeoutSeconds * 1000) this.stop = 'TIMED_OUT';
    if (this.stop !== null) this.stopped();
  }
}
