/** Bounds of the job threads, each with its unit last in its name and its reason. */

/** Jobs held at once over all hubs: a queue as long as the work of several seconds would only hide that this worker is slow. */
export const jobsHeldMaxDefault = 65_536;

/** Jobs of one batch: about a millisecond of the cheapest kind. */
export const jobsPerBatchMax = 2_048;

/** Bytes of the payloads of one batch; a larger payload travels alone, in a message. */
export const payloadBytesMax = 64 * 1024;

/** Bytes of the answers of one batch that fit shared memory (128 for each job); more travel in a message. */
export const answerBytesMax = 256 * 1024;

/**
 * Expected seconds of one batch: what may wait behind a job that is slower than thought. A hop costs about 10 us on a quiet
 * machine; on one whose cores are all busy with jobs each wake-up costs a turn of the scheduler, and 2 ms carried a tenth
 * more jobs than 1 ms.
 */
export const batchSecondsMax = 0.002;

/** Below this a batch is not split over idle threads: waking another thread would cost as much. */
export const batchSecondsLeast = 0.00005;

/** A batch expected to run longer has its thread to itself: nothing is put behind it. */
export const shortBatchSecondsMax = 0.004;

/** Batches that one thread has: one that runs and one that waits, so that the thread never waits for the main thread. */
export const batchesPerThreadMax = 2;

/** A larger answer is reported in a call of its own. */
export const resultAloneBytes = 64 * 1024;

/** Bytes pushed to a thread ahead of what it has read. */
export const streamBytesMax = 4 * 1024 * 1024;

/** Deaths of threads within this time make the next restart wait longer. */
export const deathsForgottenMs = 60_000;

/** This many deaths are restarted at once: one bad job may take its thread with it. */
export const deathsExcusedMax = 3;

/** Longest wait before a thread is started again. */
export const restartDelayMsMax = 5_000;

if (answerBytesMax < jobsPerBatchMax * 64) throw new Error('a full batch of digests must fit the answers of a frame');
if (batchSecondsLeast > batchSecondsMax) throw new Error('the least batch must not be over the largest');
