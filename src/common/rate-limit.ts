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
