import type { FileOutcome, RunFile } from './scan-run.js';

/** To a thread that scans runs of files. */
export interface RunPlan {
  /** Position of the first file. */
  readonly from: number;
  readonly files: readonly RunFile[];
}

/** From it; the partial is transferred. */
export interface RunResult {
  readonly from: number;
  readonly outcomes: readonly FileOutcome[];
  readonly partial: Uint8Array;
}
