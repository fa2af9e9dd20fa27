import { monotonicClock } from '../../common/clock.js';

/** Time as the hub sees it. Tests pass one that they move. */
export interface Scheduler {
  /** Seconds on a clock that never goes back. */
  now(): number;
  /** Milliseconds since 1970, for people. */
  wallMs(): number;
  /** Runs once this turn of the event loop has handled its input. */
  soon(run: () => void): void;
  /** Runs once after so many seconds; the return value takes it back. Does not keep the process alive. */
  after(seconds: number, run: () => void): () => void;
}

export const realScheduler: Scheduler = {
  now: monotonicClock,
  wallMs: () => Date.now(),
  soon: (run) => void setImmediate(run),
  after: (seconds, run) => {
    const timer = setTimeout(run, seconds * 1000);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
