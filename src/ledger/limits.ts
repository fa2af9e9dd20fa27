/** Bounds of a ledger, each with its unit and its reason. */

/** Results are kept so long when --keep does not say: a day, so that who started an analysis in the evening finds it. */
export const keepMsDefault = 86_400_000;
/** Least and longest time that --keep takes. */
export const keepMsLeast = 1_000;
export const keepMsMost = 365 * 86_400_000;

/** Finished analyses kept: `trireme analyses` lists them all, and each costs about 1 kB of memory. */
export const finishedMax = 10_000;
/** Bytes of results kept on disk: the oldest go first. */
export const finishedBytesMax = 16 * 2 ** 30;
/** Bytes of results kept where there is no disk, in memory. */
export const finishedBytesMaxInMemory = 64 * 2 ** 20;

/** Analyses that wait for their turn. Past it, submissions are refused. */
export const analysesQueuedMax = 1_000;

/** Old results are looked for this often. */
export const pruneIntervalMs = 60_000;

/** A record holds a path of up to 4096 characters twice, and facts; a larger one is damage. */
export const recordBytesMax = 256 * 1024;

/** Time between two attempts to open a store again that could not be written (its disk was full, say). */
export const reopenIntervalMs = 2_000;
