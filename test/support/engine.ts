import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { projectRoot } from '../../src/common/version.js';
import { wholeFilePlan } from '../../src/pcap/chunk-plans.js';
import { ChunkScanner } from '../../src/pcap/chunk-scanner.js';
import { Merger } from '../../src/pcap/merger.js';
import { headerBytesWanted, readHeader } from '../../src/pcap/read-header.js';
import { RecordWalk } from '../../src/pcap/record-walk.js';
import type { CaptureFacts, CaptureReport } from '../../src/pcap/report-types.js';
import type { CaptureHeader, ChunkPlan, ChunkResult, ReportOptions, ScanOptions } from '../../src/pcap/types.js';

/** Drives the capture engine over bytes in memory, as analyze and the workers drive it over files. */

export const scanModule = new WebAssembly.Module(readFileSync(join(projectRoot, 'dist/src/pcap/scan.wasm')));

export const scanOptions: ScanOptions = { intervalNs: null, conversationsMax: 1_000_000, connection: null };
export const reportOptions: ReportOptions = { top: 10, sort: 'bytes', compression: 'none' };

/** Sizes of the pieces in which bytes are pushed, used in turn; the engine may take less when its space is smaller. */
export type Pieces = readonly number[];
const allAtOnce: Pieces = [Number.MAX_SAFE_INTEGER];

interface Pushed {
  space(): Uint8Array;
  filled(bytes: number): void;
  readonly done: boolean;
}

/** A scanner that takes nothing more in so many turns hangs, and a test should say so instead of hanging too. */
const turnsMax = 10_000_000;

/** Pushes a file from a position on until no more is wanted. Returns where it came to. */
export function push(into: Pushed, file: Uint8Array, from: number, pieces: Pieces = allAtOnce): number {
  let at = from;
  for (let turn = 0; !into.done && at < file.length; turn++) {
    if (turn > turnsMax) throw new Error(`still not done after ${turnsMax} pieces`);
    const space = into.space();
    const count = Math.min(space.length, file.length - at, pieces[turn % pieces.length]);
    if (count === 0) throw new Error('no space although more is wanted');
    space.set(file.subarray(at, at + count));
    into.filled(count);
    at += count;
  }
  return at;
}

/** The report of a whole file by one scanner. */
export function scanWhole(
  file: Uint8Array,
  options: ScanOptions = scanOptions,
  pieces: Pieces = allAtOnce,
  told: ReportOptions = reportOptions,
): CaptureReport {
  const scanner = new ChunkScanner(scanModule, wholeFilePlan, options);
  push(scanner, file, 0, pieces);
  return scanner.report(told);
}

/** The report of a whole file that is a capture. */
export function scanFacts(file: Uint8Array, options: ScanOptions = scanOptions): CaptureFacts {
  const report = scanWhole(file, options);
  if (report.error === 'not-a-capture') throw new Error(`no capture: ${report.error_detail}`);
  return report;
}

export function scanChunk(file: Uint8Array, plan: ChunkPlan, options = scanOptions, pieces = allAtOnce): ChunkResult {
  const scanner = new ChunkScanner(scanModule, plan, options);
  push(scanner, file, plan.start, pieces);
  return scanner.end();
}

export function headerOf(file: Uint8Array): CaptureHeader {
  return readHeader(scanModule, file.subarray(0, headerBytesWanted), file.length);
}

/** Plans for cuts at any places at all, unlike planChunks, which spreads them evenly. */
export function plansAt(header: CaptureHeader, cuts: readonly number[]): ChunkPlan[] {
  if (header.state === null) return [wholeFilePlan];
  return [0, ...cuts].map((start, i) => ({
    start,
    end: i < cuts.length ? cuts[i] : null,
    startCertain: i === 0,
    state: i === 0 ? null : header.state,
  }));
}

export interface SplitRun {
  readonly report: CaptureReport;
  readonly rescans: number;
  readonly walks: number;
}

/** Order in which the results of chunks arrive. */
export type Arrival = (results: ChunkResult[]) => ChunkResult[];

/** Scans every plan, offers the results in some order, and does what the merger asks for until it is complete. */
export function scanSplit(
  file: Uint8Array,
  plans: readonly ChunkPlan[],
  options: ScanOptions = scanOptions,
  arrival: Arrival = (results) => results,
  told: ReportOptions = reportOptions,
): SplitRun {
  const merger = new Merger(scanModule, plans, options);
  let rescans = 0;
  let walks = 0;
  let complete = false;
  const advance = (): void => {
    for (;;) {
      const step = merger.next();
      if (step === 'complete') complete = true;
      if (step === 'complete' || step === 'waiting') return;
      if (step === 'walk') {
        const plan = merger.walkPlan();
        const walk = new RecordWalk(scanModule, plan);
        push(walk, file, plan.start, allAtOnce);
        merger.walked(walk.end());
        walks++;
      } else {
        merger.offer(scanChunk(file, step.rescan, options));
        rescans++;
      }
      if (rescans + walks > 10 * plans.length + 100) throw new Error(`${rescans} rescans, ${walks} walks: no progress`);
    }
  };
  for (const result of arrival(plans.map((plan) => scanChunk(file, plan, options)))) {
    merger.offer(result);
    advance();
  }
  if (!complete) throw new Error('every result was offered, and the merger still waits');
  return { report: merger.finish(told), rescans, walks };
}
