import { ExtractOrder, type ExtractPiece, type ExtractTask } from '../../pcap/extract-order.js';
import { scanOptionsOf, type ExtractOptions, type ExtractOutcome } from '../../pcap/extractor.js';
import { chunksMax, planChunks } from '../../pcap/chunk-plans.js';
import { headerBytesWanted, readHeader } from '../../pcap/read-header.js';
import type { ChunkPlan } from '../../pcap/types.js';
import { readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import { ScanThreads } from '../threads/scan-threads.js';
import type { PacketsOut } from './packets-out.js';

/** A chunk of which packets are taken into a room, which goes to the thread and comes back. */
export interface TakeTask {
  readonly chunk: ExtractTask;
  readonly room: ArrayBuffer;
}

/** What is in a room, which is written to its place in the output. */
export interface WriteTask {
  readonly room: ArrayBuffer;
  readonly bytes: number;
  readonly at: number;
}

/** What came of a chunk, and the bytes in its room. */
export type TakenPiece = ExtractPiece & { readonly room: ArrayBuffer; readonly bytes: number };

/** A room was written; or why it was not: what Node said, and its code. */
export interface Written {
  readonly room: ArrayBuffer;
  readonly refused: { readonly message: string; readonly code: string | undefined } | null;
}

/**
 * Bytes of a chunk at least. What is taken out of a small one is still in the processor's cache when it is written, and
 * threads that read and write share the memory's speed. A search for the first record looks at 256 KiB.
 */
const chunkBytesMin = 4 * 1024 * 1024;
/** Bytes by which the last record of a chunk may pass its end. */
const recordBytesMax = 4 * 1024 * 1024;
/** Bytes of rooms over all threads. Of a room only those pages take memory that are used. */
const roomsBytesMax = 1024 * 1024 * 1024;
/** Rooms for each thread: one that it fills, and two that wait for a chunk before them or are written. */
const roomsPerThread = 3;

/** Bytes of a chunk of such a file, and the rooms of so many threads, each for one chunk. */
export function extractSizes(sizeBytes: number, threads: number): { chunkBytes: number; rooms: number } {
  const chunkBytes = Math.max(chunkBytesMin, Math.ceil(sizeBytes / chunksMax));
  const roomsMax = Math.max(1, Math.floor(roomsBytesMax / (chunkBytes + recordBytesMax)));
  return { chunkBytes, rooms: Math.min(threads * roomsPerThread, roomsMax) };
}

/** The chunks of a file; one: it cannot be split. */
export function extractPlans(fd: number, sizeBytes: number, threads: number): ChunkPlan[] {
  const first = readRange(fd, 0, Math.min(sizeBytes, headerBytesWanted));
  const { chunkBytes } = extractSizes(sizeBytes, threads);
  return planChunks(readHeader(loadScanModule(), first, sizeBytes), { chunkBytes });
}

/** What is read, and by how many threads beside this one, which puts their chunks in order. */
export interface SplitFile {
  readonly fd: number;
  readonly sizeBytes: number;
  readonly plans: readonly ChunkPlan[];
  readonly threads: number;
}

/**
 * Takes packets out of a plain file on several threads: the very bytes that one pass takes out. The threads
 * write them to their places, which are known once the chunks before are; where the output is in order, this
 * thread writes.
 */
export async function extractSplit(
  { fd, sizeBytes, plans, threads }: SplitFile,
  options: ExtractOptions,
  out: PacketsOut,
): Promise<ExtractOutcome> {
  const order = new ExtractOrder<TakenPiece>(plans, options.packetsMax ?? null);
  const { chunkBytes, rooms } = extractSizes(sizeBytes, threads);
  // `new ArrayBuffer` would write zeros to all of it.
  const free = Array.from({ length: rooms }, () => Buffer.allocUnsafeSlow(chunkBytes + recordBytesMax).buffer);
  const writes: WriteTask[] = [];
  let notWritten = 0;
  let place = 0;
  const nextTask = (): TakeTask | WriteTask | null => {
    if (writes.length > 0) return writes.shift()!;
    if (free.length === 0) return null;
    const chunk = order.task();
    return chunk === null ? null : { chunk, room: free.pop()! };
  };
  const pool = new ScanThreads<TakeTask | WriteTask, TakenPiece | Written>(
    threads,
    'captures/extract/extract-thread.js',
    {
      fd,
      sizeBytes,
      outFd: out.placed?.fd ?? null,
      module: loadScanModule(),
      scan: scanOptionsOf(options),
      growthBytes: Infinity,
    },
    nextTask,
    ({ room }) => [room],
  );
  const take = async ({ room, bytes }: TakenPiece): Promise<void> => {
    if (out.placed === undefined) {
      await out.write(new Uint8Array(room, 0, bytes));
      free.push(room);
      return;
    }
    writes.push({ room, bytes, at: place });
    place += bytes;
    notWritten++;
  };
  try {
    while (order.end === null || notWritten > 0) {
      pool.feed();
      await pool.nextResult();
      for (const result of pool.takeResults()) {
        if ('task' in result) order.offer(result);
        else {
          notWritten--;
          free.push(result.room);
          if (result.refused !== null) throw out.placed!.failure(result.refused);
        }
      }
      for (let judged = order.judge(); judged !== null; judged = order.judge()) {
        const { piece, taken } = judged;
        if (taken && piece.bytes > 0) await take(piece);
        else free.push(piece.room);
        pool.feed();
      }
    }
    return { ...order.end!, packets: order.packets, ofPackets: order.ofPackets };
  } finally {
    // After a failure the output is closed: no thread may write to its number then.
    if (notWritten > 0) await pool.closed();
    else pool.close();
  }
}
