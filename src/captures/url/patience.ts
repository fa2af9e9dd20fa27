import { BackOff } from '../../common/back-off.js';

/** Time for an answer to begin, and between two pieces of it. */
export const answerMsMax = 30_000;
/**
 * Time without a single byte, over all attempts, after which reading gives up: a server that restarts is back by then.
 */
export const stallMsMax = 60_000;
/** The same for the opening: a wrong name should be told soon. */
export const openingStallMsMax = 3_000;

if (stallMsMax < answerMsMax) throw new Error('one slow answer must not use up the time for all attempts');

/** How long to go on asking a server that fails: the waits between attempts, and when to give up. */
export class Patience {
  private readonly backOff: BackOff;
  private movedAtMs: number;

  constructor(
    /** Time without a byte after which it gives up, before any has come. */
    private stallMs: number,
    /** The same once bytes have come. */
    private readonly stallMsLater: number,
    private readonly nowMs: () => number,
    random?: () => number,
  ) {
    this.backOff = new BackOff(random);
    this.movedAtMs = nowMs();
  }

  /** Bytes came. */
  moved(): void {
    this.stallMs = this.stallMsLater;
    this.movedAtMs = this.nowMs();
    this.backOff.reset();
  }

  /** Milliseconds to wait before the next attempt; null: it has been too long. */
  failed(): number | null {
    const waitMs = this.backOff.nextMs();
    return this.nowMs() + waitMs - this.movedAtMs > this.stallMs ? null : waitMs;
  }
}
