import { ChunkScanner } from './chunk-scanner.js';
import { Merger } from './merger.js';
import { RecordWalk } from './record-walk.js';
import type { CaptureReport } from './report-types.js';
import { scanOptionsDefault } from './scan-options.js';
import { wholeFilePlan } from './chunk-plans.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions, WalkPlan, WalkResult } from './types.js';

export const reportOptionsDefault: ReportOptions = { top: 10, sort: 'bytes', compression: 'none' };

interface Pushed {
  space(): Uint8Array;
  filled(bytes: number): void;
  readonly done: boolean;
}

/** Pushes bytes from a position on until no more are wanted, at most pieceBytes at a time. */
function push(to: Pushed, bytes: Uint8Array, start: number, pieceBytes: number): void {
  for (let at = start; at < bytes.length && !to.done;) {
    const space = to.space();
    const piece = bytes.subarray(at, at + Math.min(space.length, pieceBytes));
    space.set(piece);
    to.filled(piece.length);
    at += piece.length;
  }
}

/** Scans one chunk of a capture that lies in memory. */
export function scanChunkOf(
  module: WebAssembly.Module,
  bytes: Uint8Array,
  plan: ChunkPlan,
  options: ScanOptions = scanOptionsDefault,
  pieceBytes = Infinity,
): ChunkResult {
  const scanner = new ChunkScanner(module, plan, options);
  push(scanner, bytes, plan.start, pieceBytes);
  return scanner.end();
}

/** Walks a capture that lies in memory. */
export function walkOf(module: WebAssembly.Module, bytes: Uint8Array, plan: WalkPlan): WalkResult {
  const walk = new RecordWalk(module, plan);
  push(walk, bytes, plan.start, Infinity);
  return walk.end();
}

/** Scans a whole capture that lies in memory. */
export function scanBuffer(
  module: WebAssembly.Module,
  bytes: Uint8Array,
  options: ScanOptions = scanOptionsDefault,
  report: ReportOptions = reportOptionsDefault,
  pieceBytes = Infinity,
): CaptureReport {
  const scanner = new ChunkScanner(module, wholeFilePlan, options);
  push(scanner, bytes, 0, pieceBytes);
  return scanner.report(report);
}

/** Scans a capture that lies in memory by these plans, merging as a master does. */
export function scanBufferSplit(
  module: WebAssembly.Module,
  bytes: Uint8Array,
  plans: readonly ChunkPlan[],
  options: ScanOptions = scanOptionsDefault,
  report: ReportOptions = reportOptionsDefault,
): CaptureReport {
  const merger = new Merger(module, plans, options);
  for (const plan of plans) merger.offer(scanChunkOf(module, bytes, plan, options));
  for (;;) {
    const step = merger.next();
    if (step === 'complete') return merger.finish(report);
    if (step === 'waiting') throw new Error('every chunk is in, yet the merger waits');
    if (step === 'walk') merger.walked(walkOf(module, bytes, merger.walkPlan()));
    else merger.offer(scanChunkOf(module, bytes, step.rescan, options));
  }
}
