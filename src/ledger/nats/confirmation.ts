import { fencedMsMax, sureMs } from './limits.js';

/**
 * What a master may still take for its own. Another one may have taken an analysis whose record was not written for
 * aliveMs; before that comes to pass, and for as long as it may be so, its holder begins nothing new. After a longer time
 * NATS is away for everybody, and nobody could have taken anything. Time is passed in, monotonic, in ms.
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
