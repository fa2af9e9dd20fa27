import type { Scheduler } from '../port/scheduler.js';
import type { Shares } from '../shares/shares.js';

/**
 * When jobs are looked at whose client has used up its bound of seconds: no sooner than a wake-up is worth, and late
 * enough that a bound that was changed counts soon.
 */
export const allowanceLook = { secondsMin: 0.01, secondsMax: 1 };

/** Wakes up when a client may go on whose bound of seconds holds its jobs up. */
export class Allowances {
  private awaited = false;

  constructor(
    private readonly shares: Shares,
    private readonly scheduler: Scheduler,
    private readonly pump: () => void,
  ) {}

  /** Jobs that wait are about to be handed out, or were. */
  look(now: number): void {
    const seconds = this.shares.waitSeconds(now);
    if (seconds === Infinity || this.awaited) return;
    this.awaited = true;
    this.scheduler.after(Math.min(Math.max(seconds, allowanceLook.secondsMin), allowanceLook.secondsMax), () => {
      this.awaited = false;
      this.pump();
    });
  }
}
