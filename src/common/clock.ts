/** Seconds on a clock that never goes back. Decisions take the time as a value; tests pass their own clock. */
export type Clock = () => number;

export const monotonicClock: Clock = () => performance.now() / 1000;
