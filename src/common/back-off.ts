/** Longest wait before the first retry: a server that was restarted is back within it more often than not. */
const firstMs = 250;
/** Longest wait ever. A server that was away for an hour is asked again within this time. */
const mostMs = 5_000;

/**
 * Waits between attempts that double, each drawn evenly from nothing to the whole (full jitter): a hundred callers
 * that lost their server at once do not return at once.
 */
export class BackOff {
  private failures = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** Milliseconds to wait before the next attempt. */
  nextMs(): number {
    const ceilingMs = Math.min(mostMs, firstMs * 2 ** this.failures);
    if (ceilingMs < mostMs) this.failures++;
    return this.random() * ceilingMs;
  }

  /** The last attempt held: the next failure is a first one. */
  reset(): void {
    this.failures = 0;
  }
}
