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

/** A store is tried this often: whether it can be written again, or still (its disk may fill up while nobody asks). */
export const stateProbeMs = 5_000;
/** Bytes of that try: a record and its place in the journal; a disk that has no room for them takes no analysis. */
export const stateProbeBytes = 16 * 1024;
/** The witness of a folder's writes is written at least this often, so that it tells when the clock was read last. */
export const witnessIntervalMs = 60_000;

/** A journal longer than this, and than four times what it has to tell, is written anew. */
export const journalBytesMax = 4 * 2 ** 20;
/** A file that is longer is no journal: it would be read into memory as a whole. */
export const journalReadBytesMax = 2 ** 30;

/** Results that are read whole before a start is over; the others are read after it. About a second of a slow disk. */
export const resultsCheckedBytesMax = 256 * 2 ** 20;

/** Folders of evidence of damage below set-aside: past it a start that finds more is refused, because nothing is deleted. */
export const setAsideMax = 100;

/** A clock that jumped ahead is believed after this time of running, or after --keep where that is shorter. */
export const clockTrustMs = 3_600_000;
/** What two readings of a sound clock may differ by from the monotonic one: a slow correction by NTP. */
export const clockToleranceMs = 5_000;
