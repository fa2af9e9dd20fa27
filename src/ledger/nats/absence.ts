import { missingMsMax } from './limits.js';

/**
 * When to believe that finished chunks are lost. A server that has just come back may answer before it has caught up, so
 * they are looked for during missingMsMax, which all chunks of a lease share: not one after the other. One that is found
 * ends it. Time is passed in, monotonic, in ms.
 */
export class Absence {
  private sinceMs: number | null = null;

  /** One was found. */
  found(): void {
    this.sinceMs = null;
  }

  /** One is not there. @returns that this is the first */
  missed(nowMs: number): boolean {
    const first = this.sinceMs === null;
    this.sinceMs ??= nowMs;
    return first;
  }

  /** Whether what is missed is lost. @param backSinceMs when NATS was there again last */
  lost(nowMs: number, backSinceMs: number): boolean {
    return this.sinceMs !== null && nowMs - Math.max(this.sinceMs, backSinceMs) > missingMsMax;
  }
}
