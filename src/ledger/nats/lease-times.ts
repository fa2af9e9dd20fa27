/**
 * A message that its master does not keep is given to another one after this time: how soon a lost master is noticed.
 */
export const ackWaitMs = 2_000;

/** A master says this often that it holds an analysis: three times in that time. */
export const heartbeatMs = 600;

/** Who wrote its record within this time is alive, whatever became of its message. */
export const aliveMs = 1_500;

/**
 * A holder is sure of its lease for so long after a write of it: less than aliveMs, and more than two writes of
 * progress.
 */
export const sureMs = 1_300;

/**
 * A holder that could not write for so long goes on: a cut that NATS outlives ends sooner, or its workers are cut off
 * too.
 */
export const fencedMsMax = 6_000;

/** After NATS was away, masters that live have this time to say so before their analyses are taken. */
export const settleMs = 3_000;

/** A message that is not for us now comes back after this time. */
export const againMs = 1_000;

/** Progress is written this often: it is also what says that the master lives. */
export const progressMs = 500;

if (sureMs >= aliveMs || sureMs < 2 * progressMs)
  throw new Error('a holder must doubt its lease before others may take it, and not between two writes of progress');

/**
 * Whether a master may be sure of its lease: it starts nothing new once the lease may have been lost. Another master
 * may take an analysis whose record was not written for aliveMs. When much more time has passed, NATS is away for
 * everybody, and nobody could have taken anything. Time is passed in, monotonic, in ms.
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
