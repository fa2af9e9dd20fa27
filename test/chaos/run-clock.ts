/** How often the run looks whether it stood still. */
const tickMs = 50;
/** A tick that is later than this tells that the whole machine, or all of this run, was stopped. */
const lateMs = 2_000;

/**
 * The time of a run, without the times in which the machine stood still (a laptop's lid, a debugger): faults keep
 * their distances from each other, and what was late for that reason alone is no finding.
 */
export class RunClock {
  /** Times during which nothing ran, in milliseconds since 1970. */
  readonly stills: { readonly fromMs: number; readonly toMs: number }[] = [];
  private stoodStillMs = 0;
  private lastMs = performance.now();
  private readonly startMs = performance.now();
  private readonly ticker = setInterval(() => this.tick(), tickMs);

  /** Milliseconds since 1970 by the clock that is never stepped; the clients' logs use the same. */
  static epochMs(): number {
    return performance.timeOrigin + performance.now();
  }

  get seconds(): number {
    this.tick();
    return (performance.now() - this.startMs - this.stoodStillMs) / 1000;
  }

  /** Resolves when the run has come to this second. */
  async reach(seconds: number): Promise<void> {
    for (let left = seconds - this.seconds; left > 0; left = seconds - this.seconds)
      await new Promise((resolve) => setTimeout(resolve, Math.min(left * 1000, 200)));
  }

  end(): void {
    clearInterval(this.ticker);
  }

  private tick(): void {
    const nowMs = performance.now();
    const late = nowMs - this.lastMs - tickMs;
    if (late > lateMs) {
      this.stoodStillMs += late;
      const toMs = RunClock.epochMs();
      this.stills.push({ fromMs: toMs - late - tickMs, toMs });
    }
    this.lastMs = nowMs;
  }
}
