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
 * A batch is this share of what each thread has to do: with one that runs and one that waits, a third is still to be
 * handed out, so threads end together and a late job of another hub does not wait long. Batches thus follow the window
 * of the hubs, which is wide only while no client could tell.
 */
export const batchShareOfHeld = 1 / 3;

/**
 * Expected seconds of one batch at most: what may wait behind a job that is slower than thought. On a machine whose cores
 * are all busy, each batch costs some 300 us of wake-ups in worker, hub and client: 2 ms carried 0.72 of the bare
 * kernel's jobs, 4 ms 0.80, 10 ms 0.85. On a slower machine 15 ms carried 0.79 and 33 ms 0.85. Batches are that long only
 * where windows are wide, and those only where every client is further ahead than this.
 */
export const batchSecondsMax = 0.035;

/** A batch is worth at least this where there is so much to do: below it, wake-ups cost a third of the jobs. */
export const batchSecondsBusy = 0.001;

/** Below this a batch is not split over idle threads: waking another thread would cost as much. */
export const batchSecondsLeast = 0.00005;

/** A batch expected to run longer has its thread to itself: nothing is put behind it. Above batchSecondsMax by its lanes. */
export const shortBatchSecondsMax = 0.05;

/** Batches of urgent jobs that are run in a row while others wait: those are not to starve. */
export const urgentBatchesInRowMax = 8;

/** Batches that one thread has: one that runs and one that waits, so that the thread never waits for the main thread. */
export const batchesPerThreadMax = 2;

/** Niceness of a job thread beside the main thread's 0: where cores are short, messages go before jobs. */
export const jobThreadNice = 5;

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
if (
  batchSecondsLeast > batchSecondsBusy ||
  batchSecondsBusy > batchSecondsMax ||
  batchSecondsMax > shortBatchSecondsMax
)
  throw new Error('the bounds of batches must rise: least, busy, max, short');
