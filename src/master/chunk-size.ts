/** A chunk is at least this large: below, its message and its table cost as much as its scan. */
const chunkBytesMin = 8 * 1024 * 1024;
/** Of a packed file: to inflate so much takes as long. */
const packedChunkBytesMin = 2 * 1024 * 1024;
/** And at most this: one that is lost is scanned again as a whole, and progress comes by chunks. */
const chunkBytesMax = 512 * 1024 * 1024;
/** A chunk should not keep the slowest slot busy longer than this. */
const chunkSecondsMax = 2;
/** Chunks for each slot: enough that a slow slot takes fewer, few enough that merging their tables stays cheap. */
const chunksPerSlot = 4;
/**
 * Chunks of an analysis, where that is one for each slot at least: the master adds their results up one after
 * the other. With 1,000 workers four for each slot take longer to add up than to scan (bench/plan).
 */
const chunksMergedMax = 2000;

/** A worker as far as it matters for the size of chunks. */
export interface ScanWorker {
  readonly slots: number;
  /** Seconds of one slot for one byte, as learned; 0: not known. */
  readonly secondsPerByte: number;
}

/** Bytes of a chunk for a file of that size on these workers: see the bounds for each of its reasons. */
export function chunkBytesFor(sizeBytes: number, workers: readonly ScanWorker[], isPacked = false): number {
  let slots = 0;
  let slowest = 0;
  for (const worker of workers) {
    slots += worker.slots;
    slowest = Math.max(slowest, worker.secondsPerByte);
  }
  const chunks = Math.min(slots * chunksPerSlot, Math.max(slots, chunksMergedMax));
  const even = Math.ceil(sizeBytes / Math.max(1, chunks));
  const patient = slowest > 0 ? chunkSecondsMax / slowest : chunkBytesMax;
  const least = isPacked ? packedChunkBytesMin : chunkBytesMin;
  return Math.floor(Math.max(least, Math.min(even, patient, chunkBytesMax)));
}
