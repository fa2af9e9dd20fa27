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
