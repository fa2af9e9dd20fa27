import { TriremeError } from '../../common/errors.js';
import { endChunk } from '../chunk-outcome.js';
import { wholeFilePlan } from '../chunk-plans.js';
import { Kernel } from '../kernel.js';
import { writePartial } from '../partial.js';
import { cells } from '../partial-layout.js';
import { buildReport, type Outcome } from '../report.js';
import type { CaptureReport } from '../report-types.js';
import type { ReportOptions, ScanOptions } from '../types.js';
import { addSkipped, beginRun, isAsIndexed } from './run-reading.js';
import type { PieceRun, PieceSums } from './select-pieces.js';

/**
 * Counts the runs of pieces in which packets can match, and adds what the index knows of the others: the same
 * as a scan of the whole file. Push style, as ChunkScanner: begin() a run, put its bytes into space(),
 * endRun(); at last report() or end().
 */
export class SelectedScanner {
  private readonly kernel: Kernel;
  private run: PieceRun | null = null;
  private examinedBefore = 0n;
  private pushed = 0;

  constructor(
    module: WebAssembly.Module,
    private readonly options: ScanOptions,
    skipped: PieceSums,
  ) {
    this.kernel = Kernel.acquire(module, options);
    addSkipped(this.kernel, skipped);
  }

  begin(run: PieceRun): void {
    this.run = run;
    this.pushed = 0;
    this.examinedBefore = this.kernel.cell(cells.examined);
    beginRun(this.kernel, run);
  }

  /** Where the next bytes of the run go; valid until the next filled(). */
  space(): Uint8Array {
    return this.kernel.space();
  }

  filled(bytes: number): void {
    this.pushed += bytes;
    this.kernel.filled(bytes);
  }

  get done(): boolean {
    return this.kernel.done;
  }

  /** Whether the run was what the index says. */
  endRun(): boolean {
    return this.run !== null && isAsIndexed(this.kernel, this.run, this.examinedBefore);
  }

  report(options: ReportOptions): CaptureReport {
    const report = buildReport(this.kernel, this.outcome(), this.options, options);
    this.kernel.release();
    return report;
  }

  /** The same as a mergeable result. */
  end(): Outcome & { readonly partial: Uint8Array } {
    const outcome = this.outcome();
    const partial = writePartial(this.kernel, outcome.notACapture === null);
    this.kernel.release();
    return { ...outcome, partial };
  }

  /** Gives up: the instance is free. */
  cancel(): void {
    this.kernel.release();
  }

  /** How the file ended, which the last run has met. */
  private outcome(): Outcome {
    if (this.run === null || this.run.end !== null)
      throw new TriremeError('INTERNAL', 'the end of the file is not read');
    const { end, endState, cut, damage, notACapture } = endChunk(this.kernel, wholeFilePlan, this.pushed);
    return { end, endState, cut, damage, notACapture };
  }
}
