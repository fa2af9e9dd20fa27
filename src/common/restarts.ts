/** Deaths of threads within this time make the next restart wait longer. */
const deathsForgottenMs = 60_000;

/** This many deaths are restarted at once: one bad job may take its thread with it. */
const deathsExcusedMax = 3;

/** Longest wait before a thread is started again. */
const restartDelayMsMax = 5_000;

/** How soon a thread that died is started again: the first few at once, then at doubling intervals. */
export class Restarts {
  private deaths: number[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();

  /** Notes a death at `nowMs` and says how long to wait before the next start. */
  delayMs(nowMs: number): number {
    this.deaths = this.deaths.filter((death) => nowMs - death < deathsForgottenMs);
    this.deaths.push(nowMs);
    const excess = this.deaths.length - deathsExcusedMax;
    return excess <= 0 ? 0 : Math.min(restartDelayMsMax, 50 * 2 ** Math.min(excess, 20));
  }

  schedule(delayMs: number, start: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      start();
    }, delayMs);
    this.timers.add(timer);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
