import { chunksAheadPerSlot } from '../../src/master/analysis.js';
import { chunkBytesFor } from '../../src/master/chunk-size.js';
import type { MergeCosts } from './merge-costs.js';

export interface Fleet {
  readonly workers: number;
  readonly slotsEach: number;
  /** Bytes of a capture that one slot reads and scans in a second. */
  readonly slotBytesPerSecond: number;
  /** Bytes of results that reach the master in a second. */
  readonly masterBytesPerSecond: number;
}

export interface PlanFigures {
  readonly chunks: number;
  readonly seconds: number;
  /** Parts of that time in which the merging thread works, and the network card of the master. */
  readonly mergeShare: number;
  readonly networkShare: number;
}

/** A chunk takes up to so much longer or shorter than another one. */
const jitter = 0.1;

/**
 * One analysis: chunks of the planner's size, given out in order as far ahead as the master does, and added
 * up in file order.
 */
export function simulate(captureBytes: number, entriesPerChunk: number, fleet: Fleet, costs: MergeCosts): PlanFigures {
  const { workers, slotsEach, slotBytesPerSecond, masterBytesPerSecond } = fleet;
  const slots = workers * slotsEach;
  const worker = { slots: slotsEach, secondsPerByte: 1 / slotBytesPerSecond };
  const chunkBytes = chunkBytesFor(captureBytes, new Array(workers).fill(worker));
  const chunks = Math.ceil(captureBytes / chunkBytes);
  const mergeSeconds = costs.secondsPerChunk + entriesPerChunk * costs.secondsPerEntry;
  const sendSeconds = (entriesPerChunk * costs.bytesPerEntry) / masterBytesPerSecond;
  const free = new Float64Array(slots);
  const proven = new Float64Array(chunks);
  let arrived = 0;
  for (let chunk = 0, random = 1; chunk < chunks; chunk++) {
    random = (Math.imul(random, 1103515245) + 12345) >>> 0;
    const slot = free.indexOf(Math.min(...free));
    const before = chunk - slots * chunksAheadPerSlot;
    const begin = Math.max(free[slot], before < 0 ? 0 : proven[before]);
    free[slot] = begin + (chunkBytes / slotBytesPerSecond) * (1 + jitter * ((random / 2 ** 32) * 2 - 1));
    arrived = Math.max(arrived, free[slot]) + sendSeconds;
    proven[chunk] = Math.max(chunk === 0 ? 0 : proven[chunk - 1], arrived) + mergeSeconds;
  }
  const seconds = proven[chunks - 1];
  return {
    chunks,
    seconds,
    mergeShare: (chunks * mergeSeconds) / seconds,
    networkShare: (chunks * sendSeconds) / seconds,
  };
}
