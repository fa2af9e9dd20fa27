/** What two readings of a sound clock may differ by from the monotonic one: a slow correction by NTP. */
const clockToleranceMs = 5_000;

/**
 * The time for decisions that nobody can take back, such as removing what is too old. It follows the clock of the
 * machine, but believes that it jumped ahead only after it has stayed there: until then it goes on from what was
 * believed before. A clock that was set back is believed at once, because that removes nothing.
 */
export class PatientClock {
  /** What is believed: the machine's clock minus the monotonic one. */
  private offsetMs: number;
  private ahead: { readonly offsetMs: number; readonly sinceMs: number } | null = null;

  /**
   * @param lastMs what the clock showed last before this process, ms since 1970; null: unknown, and it is believed
   * @param trustMs time that a clock must have stayed ahead
   * @param wallMs what the clock shows now, ms since 1970; monotonicMs: of a clock that nobody sets
   */
  constructor(
    lastMs: number | null,
    private readonly trustMs: number,
    wallMs: number,
    monotonicMs: number,
  ) {
    this.offsetMs = Math.min(wallMs, lastMs ?? wallMs) - monotonicMs;
  }

  /** Ms since 1970, as far as they are believed. */
  nowMs(wallMs: number, monotonicMs: number): number {
    const offsetMs = wallMs - monotonicMs;
    if (offsetMs <= this.offsetMs + clockToleranceMs) {
      this.offsetMs = offsetMs;
      this.ahead = null;
    } else if (this.ahead === null || Math.abs(offsetMs - this.ahead.offsetMs) > clockToleranceMs) {
      this.ahead = { offsetMs, sinceMs: monotonicMs };
    } else if (monotonicMs - this.ahead.sinceMs >= this.trustMs) {
      this.offsetMs = offsetMs;
      this.ahead = null;
    }
    return monotonicMs + this.offsetMs;
  }
}
