/** Bounds of what the hub remembers of its picks. */

/** Picks kept: a screen has room for some dozens, a script that looks each second should find what came between. */
export const picksKept = 512;

/** Workers kept of each pick, those that would have finished first: beyond them nobody was near. */
export const candidatesKept = 8;

/** Time between two picks that are kept, for each worker: all are looked at, and looking must cost little. */
export const pickSampleSecondsPerWorker = 20e-6;

/** A busy time below this is over before anyone could read of it, and its length is mostly the round trip. */
export const busySecondsMin = 0.5;
