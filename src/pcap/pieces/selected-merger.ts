import { TriremeError } from '../../common/errors.js';
import { checkResult } from '../chunk-result.js';
import type { Gap } from '../extract-order.js';
import { Kernel } from '../kernel.js';
import { cells } from '../partial-layout.js';
import { addPartial, sameBase } from '../partial-reader.js';
import { buildReport, type Outcome } from '../report.js';
import type { CaptureReport } from '../report-types.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions } from '../types.js';
import { addSkipped } from './run-reading.js';
import type { PieceRun, Selection } from './select-pieces.js';

/** The chunk of a run of pieces, which begins where the index says. */
export function planOf({ start, end, state }: PieceRun): ChunkPlan {
  return { start, end, startCertain: true, state };
}

/** What is left out before the chunks of the runs, by their number, for who puts packets together. */
export function gapsOf({ runs }: Selection): Map<number, Gap> {
  const gaps = new Map<number, Gap>();
  let packetsBefore = 0;
  for (const [i, run] of runs.entries()) {
    const before = runs[i - 1];
    if (before?.end != null && before.end < run.start) {
      gaps.set(i, { from: before.end, packetsBefore, packets: run.skippedBefore });
      packetsBefore = 0;
    }
    packetsBefore += run.packets ?? 0;
  }
  return gaps;
}

/**
 * Adds up what was counted of the runs of pieces in which packets can match, in any order, and what the index
 * knows of the others: the same as a scan of the whole file.
 */
export class SelectedMerger {
  private readonly kernel: Kernel;
  private readonly waiting = new Map<number, ChunkResult>();
  private next = 0;
  private last: Outcome | null = null;

  constructor(
    module: WebAssembly.Module,
    private readonly options: ScanOptions,
    private readonly selection: Selection,
  ) {
    this.kernel = Kernel.acquire(module, options);
    addSkipped(this.kernel, selection.skipped);
  }

  /** Runs that are added up. */
  get merged(): number {
    return this.next;
  }

  get complete(): boolean {
    return this.next === this.selection.runs.length;
  }

  /**
   * Takes the result of a run. A second one for the same run is ignored. @returns false: the file is not as
   * it was indexed
   */
  offer(result: ChunkResult): boolean {
    const { runs } = this.selection;
    const { plan } = result;
    const number = runs.findIndex(({ start, end }) => start === plan.start && end === plan.end);
    if (number < this.next || this.waiting.has(number)) return true;
    checkResult(result);
    this.waiting.set(number, result);
    for (let next = this.take(); next !== undefined; next = this.take()) {
      if (!this.add(runs[this.next], next)) return false;
      this.next++;
    }
    return true;
  }

  report(options: ReportOptions): CaptureReport {
    if (this.last === null || !this.complete) throw new TriremeError('INTERNAL', 'the runs are not all merged');
    const report = buildReport(this.kernel, this.last, this.options, options);
    this.kernel.release();
    return report;
  }

  /** Gives up: the instance is free. */
  cancel(): void {
    this.kernel.release();
  }

  private take(): ChunkResult | undefined {
    const result = this.waiting.get(this.next);
    this.waiting.delete(this.next);
    return result;
  }

  private add(run: PieceRun, result: ChunkResult): boolean {
    const { kernel } = this;
    if (!sameBase(kernel, result.partial)) return false;
    const before = kernel.cell(cells.examined);
    addPartial(kernel, result.partial);
    const { end, endState, cut, damage, notACapture, endOfInput } = result;
    this.last = { end, endState, cut, damage, notACapture };
    if (run.end === null) return true;
    const packets = kernel.cell(cells.examined) - before;
    return (
      damage === null && notACapture === null && !endOfInput && end === run.end && packets === BigInt(run.packets!)
    );
  }
}
