/** Lets a few events of each key through in every interval and counts the rest, so a flood cannot fill the log. */
export class RateLimit {
  private readonly windows = new Map<string, { startMs: number; admitted: number; suppressed: number }>();

  /** Keys must be a closed set of words: each stays in memory. */
  constructor(
    private readonly perInterval = 5,
    private readonly intervalMs = 10_000,
  ) {}

  /** @returns how many events of this key were held back before this one, or undefined when this one is held back. */
  admit(key: string, nowMs: number): number | undefined {
    let window = this.windows.get(key);
    if (window === undefined) this.windows.set(key, (window = { startMs: nowMs, admitted: 0, suppressed: 0 }));
    if (nowMs - window.startMs >= this.intervalMs) {
      window.startMs = nowMs;
      window.admitted = 0;
    }
    if (window.admitted >= this.perInterval) {
      window.suppressed++;
      return undefined;
    }
    window.admitted++;
    const { suppressed } = window;
    window.suppressed = 0;
    return suppressed;
  }
}

/** Lets `burst` events pass at once, and `perSecond` of them in the long run. */
export class TokenBucket {
  private used = 0;

  constructor(
    readonly burst: number,
    private readonly perSecond: number,
    private atMs: number,
  ) {}

  /** Takes one. @returns how many are used of the burst now; above `burst`: too many */
  take(nowMs: number): number {
    this.used = Math.max(0, this.used - ((nowMs - this.atMs) / 1000) * this.perSecond);
    this.atMs = nowMs;
    if (this.used <= this.burst) this.used++;
    return this.used;
  }
}
