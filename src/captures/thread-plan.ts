/**
 * Bytes of a capture for which one more thread pays. A thread needs some 50 ms until it scans, and its tables are written
 * out and added up again: in that time one core scans a few hundred megabytes from the page cache. With a smaller share
 * two threads would be slower than one.
 */
export const threadBytesMinDefault = 256 * 1024 * 1024;

/** Chunks per thread: a thread that runs slower takes fewer; each costs the merging of a table. */
const chunksPerThread = 2;

/** Largest chunk: on a machine that is busy with other work, the last chunks must not take long. */
const chunkBytesMax = 1024 * 1024 * 1024;

export interface ThreadPlan {
  /** Threads that scan, the calling one included; 1: no thread is started and the file is not split. */
  readonly threads: number;
  readonly chunkCount: number;
}

/** How many threads scan a file of this size, and into how many chunks it is cut. */
export function planThreads(sizeBytes: number, threadsMax: number, threadBytesMin = threadBytesMinDefault): ThreadPlan {
  const threads = Math.max(1, Math.min(threadsMax, Math.floor(sizeBytes / threadBytesMin)));
  if (threads === 1) return { threads: 1, chunkCount: 1 };
  return { threads, chunkCount: Math.max(threads * chunksPerThread, Math.ceil(sizeBytes / chunkBytesMax)) };
}
