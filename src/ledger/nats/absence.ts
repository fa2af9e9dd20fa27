/**
 * So long a finished chunk that is not found is looked for again: servers elect, and catch up, for up to ten seconds.
 */
export const missingMsMax = 15_000;

/** Only so long, when the servers say all the while that they have caught up: their word may be a moment old. */
export const settledMsMin = 3_000;

/** An object of which no piece comes for so long is not whole: pieces of a megabyte come in milliseconds. */
export const objectSilenceMsMax = 5_000;

/**
 * Nothing was missed for so long: what is missed then is missed anew. One try to read an object may take half of it.
 */
const quietMs = 2 * objectSilenceMsMax;

/**
 * When to believe that finished chunks are lost. A server that has just come back may answer before it has caught up,
 * so they are looked for during missingMsMax, which all chunks of a lease share: not one after the other. It is less
 * when the servers say all the while that they have caught up: what they do not have then, they have lost. Time is
 * passed in, monotonic, in ms.
 */
export class Absence {
  private sinceMs: number | null = null;
  private lastMs = -Infinity;
  private settledSinceMs: number | null = null;

  /** One is not there. @returns whether this is the first */
  missed(nowMs: number): boolean {
    const first = nowMs - this.lastMs > quietMs;
    if (first) [this.sinceMs, this.settledSinceMs] = [nowMs, null];
    this.lastMs = nowMs;
    return first;
  }

  /** The servers were asked, while one is missed, whether they have caught up with one another. */
  settled(yes: boolean, nowMs: number): void {
    this.settledSinceMs = yes ? (this.settledSinceMs ?? nowMs) : null;
  }

  /** Whether what is missed is lost. @param backSinceMs when NATS was there again last */
  lost(nowMs: number, backSinceMs: number): boolean {
    if (this.sinceMs === null) return false;
    const settledMs = nowMs - Math.max(this.settledSinceMs ?? Infinity, backSinceMs);
    return settledMs > settledMsMin || nowMs - Math.max(this.sinceMs, backSinceMs) > missingMsMax;
  }
}
