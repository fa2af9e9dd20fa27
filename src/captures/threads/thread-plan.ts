import { availableParallelism } from 'node:os';
import type { TableSize } from '../../pcap/kernel.js';

/**
 * Bytes of a capture for which one more thread pays. A thread needs some 40 ms until it scans, and its tables
 * are written out and added up again: in that time one core scans a few hundred megabytes from the page
 * cache. Measured with two threads: slower at 0.5 GB, even at 0.8 GB, faster from 1 GB.
 */
export const threadBytesMinDefault = 512 * 1024 * 1024;

/** Threads that may be asked for: more than any machine has cores are a mistake. */
export const coresMax = 1024;

/** Threads that somebody asks for who says `--cores N`, `--multi` or neither. */
export function threadsAsked({ cores, multi }: { readonly cores?: number; readonly multi?: boolean }): number {
  return cores ?? (multi === true ? availableParallelism() : 1);
}

/**
 * Each chunk takes this part of what is left per thread (guided self-scheduling, Polychronopoulos and Kuck 1987): large
 * chunks first, because each costs the merging of a table; small ones last, so that the threads end together.
 */
const partOfRest = 4 / 5;

/** Smallest chunk, as a part of one thread's equal share. */
const smallestPart = 1 / 5;

/** Largest chunk: on a machine that is busy with other work, no chunk must take long. */
const chunkBytesMax = 1024 * 1024 * 1024;

export interface ThreadPlan {
  /** Threads that scan, the calling one included; 1: no thread is started and the file is not split. */
  readonly threads: number;
  /** Sizes of the chunks as parts of the whole, in file order. */
  readonly shares: readonly number[];
}

/** A table of so many entries is written out and added up in some milliseconds, however it came about. */
export const entriesCheap = 16_384;

/**
 * Packets for each new entry from which on several threads pay. An entry that each thread finds, writes out and adds up
 * again costs about as much as scanning four packets, and a second thread saves less than half of the scanning.
 */
export const packetsPerEntryMin = 16;

/** A table's growth is looked at after each such part of the bytes for which one more thread pays: 32 MiB. */
export const growthPart = 1 / 16;

/**
 * Seconds of CPU time that one core must still need for another thread to pay: its start takes 0.04 to 0.1,
 * and its chunks are written out and added up. One core of a fast machine scans 3.6 GB of large packets in
 * less.
 */
export const secondsLeftMin = 0.5;

/**
 * Whether what is left takes one core so long, at so many bytes a second of CPU time, that other threads pay.
 * Who asks for threads on smaller files than usual (`--thread-bytes`) gets them whatever the speed.
 */
export function leftIsLong(bytesLeft: number, bytesPerSecond: number, threadBytesMin: number): boolean {
  return threadBytesMin < threadBytesMinDefault || bytesLeft >= secondsLeftMin * bytesPerSecond;
}

/** Looks that the first chunk is given on one core before other threads are started. */
export const looksBeforeSplit = 2;

/** Whether a table grows so fast that one core alone is as fast as several: what came between two looks at it. */
export function growsTooFast(before: TableSize, now: TableSize): boolean {
  if (now.entries <= entriesCheap) return false;
  return (now.entries - before.entries) * packetsPerEntryMin > now.packets - before.packets;
}

/** Packed bytes for which one more thread pays: it inflates them in 30 to 150 ms, and takes 40 to start. */
export const unpackingBytesMin = 8 * 1024 * 1024;

/** How many threads inflate a packed file of this size, beside the calling one, which scans; 1: it does both. */
export function planUnpacking(sizeBytes: number, threadsMax: number, threadBytesMin = threadBytesMinDefault): number {
  return Math.max(1, Math.min(threadsMax, Math.floor(sizeBytes / Math.min(threadBytesMin, unpackingBytesMin))));
}

/** How many threads scan a file of this size, and into how many chunks it is cut. */
export function planThreads(sizeBytes: number, threadsMax: number, threadBytesMin = threadBytesMinDefault): ThreadPlan {
  const threads = Math.max(1, Math.min(threadsMax, Math.floor(sizeBytes / threadBytesMin)));
  if (threads === 1) return { threads: 1, shares: [1] };
  const largest = chunkBytesMax / sizeBytes;
  const smallest = Math.min(smallestPart / threads, largest);
  const shares: number[] = [];
  for (let rest = 1; rest > 0; rest -= shares[shares.length - 1]) {
    const share = Math.min(largest, Math.max(smallest, (rest / threads) * partOfRest));
    shares.push(rest - share < smallest / 2 && rest <= largest ? rest : Math.min(share, rest));
  }
  return { threads, shares };
}
