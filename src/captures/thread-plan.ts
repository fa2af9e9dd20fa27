/**
 * Bytes of a capture for which one more thread pays: starting a thread and adding up its tables costs as long as
 * scanning some tens of megabytes, so that a smaller share would make two threads slower than one.
 */
export const threadBytesMinDefault = 64 * 1024 * 1024;

/** Chunks per thread: enough that a thread which runs slower takes fewer, few enough that merging stays cheap. */
const chunksPerThread = 4;

/** Largest chunk, so that progress is even and a chunk's table is returned before it is old. */
const chunkBytesMax = 512 * 1024 * 1024;

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
