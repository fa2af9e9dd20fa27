import { ExtractOrder, type ExtractPiece, type ExtractTask } from '../../pcap/extract-order.js';
import { scanOptionsOf, type ExtractOptions, type ExtractOutcome } from '../../pcap/extractor.js';
import { planChunks } from '../../pcap/chunk-plans.js';
import { headerBytesWanted, readHeader } from '../../pcap/read-header.js';
import type { ChunkPlan } from '../../pcap/types.js';
import { readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import { ScanThreads } from '../threads/scan-threads.js';

/** A task, and the number of the slot that its packets go to. */
export type SlottedTask = ExtractTask & { readonly slot: number };

/** What came of it, and the bytes in its slot. */
export type SlottedPiece = ExtractPiece & { readonly task: SlottedTask; readonly bytes: number };

/** Bytes of a chunk: a search for its first record reads up to 256 KiB more, which should stay below 1 %. */
const chunkBytesMax = 32 * 1024 * 1024;
/** And at least: the largest record that can be taken out. */
const chunkBytesMin = 4 * 1024 * 1024;
/** Bytes of packets of chunks that wait for those before them, over all threads. */
const aheadBytesMax = 1024 * 1024 * 1024;
/** Chunks of one thread that are taken out and not written yet: one that is written, one that is worked on. */
const slotsPerThread = 2;
/** Bytes by which the last record of a chunk may pass its end. */
const recordBytesMax = 4 * 1024 * 1024;

/** Bytes of a chunk on so many threads. */
export function extractChunkBytes(threads: number): number {
  const share = Math.floor(aheadBytesMax / (threads * slotsPerThread)) - recordBytesMax;
  return Math.max(chunkBytesMin, Math.min(chunkBytesMax, share));
}

/** The chunks of a file; one: it cannot be split. */
export function extractPlans(fd: number, sizeBytes: number, threads: number): ChunkPlan[] {
  const first = readRange(fd, 0, Math.min(sizeBytes, headerBytesWanted));
  return planChunks(readHeader(loadScanModule(), first, sizeBytes), { chunkBytes: extractChunkBytes(threads) });
}

/** What is read, and by how many threads beside this one, which writes. */
export interface SplitFile {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly plans: readonly ChunkPlan[];
  readonly threads: number;
}

/**
 * Takes packets out of a plain file on several threads. `onBytes` gets on this thread, in order, the very bytes that one pass
 * takes out; it may answer with a promise, and the bytes are valid until that is kept.
 */
export async function extractSplit(
  { fd, sizeBytes, plans, threads }: SplitFile,
  options: ExtractOptions,
  onBytes: (bytes: Uint8Array) => Promise<void> | undefined,
): Promise<ExtractOutcome> {
  const order = new ExtractOrder<SlottedPiece>(plans, options.packetsMax ?? null);
  const slotBytes = extractChunkBytes(threads) + recordBytesMax;
  // Pages of which nothing is used cost no memory.
  const slots = Array.from({ length: threads * slotsPerThread }, () => new SharedArrayBuffer(slotBytes));
  const free = slots.map((_slot, i) => i);
  const nextTask = (): SlottedTask | null => {
    if (free.length === 0) return null;
    const task = order.task();
    return task === null ? null : { ...task, slot: free.pop()! };
  };
  const data = { fd, sizeBytes, slots, module: loadScanModule(), scan: scanOptionsOf(options), growthBytes: Infinity };
  const pool = new ScanThreads<SlottedTask, SlottedPiece>(
    threads,
    'captures/extract/extract-thread.js',
    data,
    nextTask,
  );
  try {
    while (order.end === null) {
      pool.feed();
      await pool.nextResult();
      for (const piece of pool.takeResults()) order.offer(piece);
      for (let judged = order.judge(); judged !== null; judged = order.judge()) {
        const { slot } = judged.piece.task;
        if (judged.taken && judged.piece.bytes > 0) await onBytes(new Uint8Array(slots[slot], 0, judged.piece.bytes));
        free.push(slot);
        pool.feed();
      }
    }
    return { ...order.end, packets: order.packets, ofPackets: order.ofPackets };
  } finally {
    pool.close();
  }
}
