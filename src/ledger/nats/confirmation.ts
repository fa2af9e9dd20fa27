import { fencedMsMax, sureMs } from './limits.js';

/**
 * Whether a master may be sure of its lease: it starts nothing new once the lease may have been lost. Another master may
 * take an analysis whose record was not written for aliveMs. When much more time has passed, NATS is away for everybody,
 * and nobody could have taken anything. Time is passed in, monotonic, in ms.
 */
export class Confirmation {
  private confirmedMs: number;

  constructor(nowMs: number) {
    this.confirmedMs = nowMs;
  }

  /** The record was written under this lease. */
  confirmed(nowMs: number): void {
    this.confirmedMs = nowMs;
  }

  sure(nowMs: number): boolean {
    const sinceMs = nowMs - this.confirmedMs;
    return sinceMs < sureMs || sinceMs > fencedMsMax;
  }
}
