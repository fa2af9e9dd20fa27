import type { Compression } from '../../src/captures/packed/compression.js';
import { pourStream } from '../../src/captures/file/pour.js';
import {
  inflateBounded,
  inflateBoundDefault,
  inflaterOf,
  type InflateBound,
} from '../../src/captures/packed/inflate-bound.js';
import type { PackedFile } from '../../src/captures/packed/ranges/find-part.js';
import { planRanges } from '../../src/captures/packed/ranges/plan-ranges.js';
import { placed, pourRange } from '../../src/captures/packed/ranges/pour-range.js';
import { RangeMerge, type RangeResult } from '../../src/captures/packed/ranges/range-merge.js';
import { capturedIn, type CaptureEntry } from '../../src/captures/scan/capture-entry.js';
import { ChunkScanner } from '../../src/pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../src/pcap/chunk-plans.js';
import type { ChunkPlan, ScanOptions } from '../../src/pcap/types.js';
import { reportOptions, scanModule, scanOptions } from './engine.js';
import { aligned } from './member-source.js';

/** How packed bytes in memory are read. */
export interface RangeReading {
  readonly compression: Compression;
  readonly chunkBytes: number;
  readonly pieceBytes?: number;
  readonly bound?: InflateBound;
  readonly scan?: ScanOptions;
  /** Which of so many chunks that wait is scanned next. */
  readonly choose?: (count: number) => number;
}

/** What was asked for. */
export interface RangesAsked {
  readonly planned: number;
  /** Chunks that were scanned again, and whether the last one was all the rest. */
  readonly again: number;
  readonly inOrder: boolean;
}

export async function scanInOrder(bytes: Uint8Array, reading: RangeReading): Promise<CaptureEntry> {
  const { compression, pieceBytes = 3000, bound = inflateBoundDefault, scan = scanOptions } = reading;
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, scan);
  const inflated = inflateBounded(aligned(bytes, pieceBytes), inflaterOf(compression), bound);
  await pourStream(inflated.bytes, scanner);
  const outcome = inflated.outcome();
  const report = scanner.report({ ...reportOptions, compression, inputCut: outcome.truncated });
  return capturedIn(report, compression, outcome);
}

/** The same by ranges; null: it was not cut. */
export async function scanByRanges(
  bytes: Uint8Array,
  reading: RangeReading,
): Promise<{ entry: CaptureEntry; asked: RangesAsked } | null> {
  const { compression, chunkBytes, pieceBytes = 3000, bound = inflateBoundDefault, choose = () => 0 } = reading;
  const file: PackedFile = {
    sizeBytes: bytes.length,
    read: (at, length) => bytes.subarray(at, at + length),
    stream: (from) => aligned(bytes, pieceBytes, from),
  };
  const planned = await planRanges(scanModule, file, compression, chunkBytes, reading.scan ?? scanOptions, bound);
  if (planned === null) return null;
  const waiting: ChunkPlan[] = [...planned.plans];
  const rescans: ChunkPlan[] = [];
  const ports = {
    rescan: (plan: ChunkPlan) => void (rescans.push(plan), waiting.unshift(plan)),
    drop: (unwanted: readonly ChunkPlan[]) => {
      for (const plan of unwanted) if (waiting.includes(plan)) waiting.splice(waiting.indexOf(plan), 1);
    },
  };
  const merge = new RangeMerge(scanModule, planned.plans, planned.scan, ports, bound);
  for (let step = 'waiting'; step !== 'complete';) {
    if (waiting.length === 0) throw new Error('the merge waits for a chunk that it has not asked for');
    const [plan] = waiting.splice(choose(waiting.length), 1);
    step = await merge.take([await scanRange(file, plan, planned.scan, compression, bound)]);
  }
  const { report, outcome } = merge.finish({ ...reportOptions, compression });
  const inOrder = rescans.some(({ packed }) => packed?.before !== undefined);
  return {
    entry: capturedIn(report, compression, outcome),
    asked: { planned: planned.plans.length, again: rescans.length, inOrder },
  };
}

async function scanRange(
  file: PackedFile,
  plan: ChunkPlan,
  scan: ScanOptions,
  compression: Compression,
  bound: InflateBound,
): Promise<RangeResult> {
  // As it travels to a worker.
  const sent = JSON.parse(JSON.stringify(plan)) as ChunkPlan;
  const packed = sent.packed!;
  const scanner = new ChunkScanner(scanModule, sent, scan);
  const poured = await pourRange(file.stream(packed.from), compression, { ...sent, packed }, scanner, bound);
  return { result: placed({ ...scanner.end(), plan }, poured), outcome: poured.outcome };
}
