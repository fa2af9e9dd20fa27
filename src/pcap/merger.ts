import { TriremeError } from '../common/errors.js';
import type { CaptureReport } from './report-types.js';
import type { ChunkPlan, ChunkResult, ReportOptions, ScanOptions, WalkPlan, WalkResult } from './types.js';

/** rescan: have this plan scanned and offer its result; walk: run a RecordWalk of walkPlan() and hand it to walked(). */
export type MergeStep = { readonly rescan: ChunkPlan } | 'walk' | 'complete' | 'waiting';

/** Proves the seams between chunks in file order, whatever the order of arrival, and adds up what is proven. */
export class Merger {
  constructor(_module: WebAssembly.Module, _plans: readonly ChunkPlan[], _options: ScanOptions) {}

  /** A result of one of the plans, or of a plan that next() asked for. A second one for the same plan is ignored. */
  offer(_result: ChunkResult): void {}

  /** What to do now. 'waiting': nothing before another offer. Each rescan is handed out once. */
  next(): MergeStep {
    return 'waiting';
  }

  /** Whether the result of this plan can still matter (damage before it, or a walk, makes plans irrelevant). */
  wanted(_plan: ChunkPlan): boolean {
    return true;
  }

  walkPlan(): WalkPlan {
    throw new TriremeError('INTERNAL', 'not built yet');
  }

  walked(_result: WalkResult): void {}

  /** The report, once next() says complete. */
  finish(_options: ReportOptions): CaptureReport {
    throw new TriremeError('INTERNAL', 'not built yet');
  }
}
