import type { LbLimits } from './limits.js';

/** When a client last did what the time-outs ask of it, in milliseconds of one clock. */
export class ClientTimes {
  /** Its last byte came. */
  byteMs: number;
  /** The number began whose end has not come. */
  numberMs: number;
  /** The kernel last took all that it was given, or the first byte after that was handed over. */
  takenMs: number;

  constructor(
    private readonly limits: Pick<LbLimits, 'idleTimeoutMs' | 'senderTimeoutMs' | 'readerTimeoutMs'>,
    nowMs: number,
  ) {
    this.byteMs = this.numberMs = this.takenMs = nowMs;
  }

  /** So much time counts for none of the time-outs. */
  forgive(ms: number): void {
    this.byteMs += ms;
    this.numberMs += ms;
    this.takenMs += ms;
  }

  /** It has taken nothing of what waits for it for too long. @param takenMs when it last did */
  readsTooSlowly(nowMs: number, takenMs = this.takenMs): boolean {
    return nowMs - takenMs > this.limits.readerTimeoutMs;
  }

  /** The end of a number has not come for too long. */
  sendsTooSlowly(nowMs: number): boolean {
    return nowMs - this.numberMs > this.limits.senderTimeoutMs;
  }

  /** Neither side has had anything to say for too long. */
  idle(nowMs: number): boolean {
    return nowMs - Math.max(this.byteMs, this.takenMs) > this.limits.idleTimeoutMs;
  }
}
