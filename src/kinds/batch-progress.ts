import type { KindBatch } from './kind.js';

/** Thrown inside a scan whose job was cancelled; never leaves this folder. */
export class Stopped extends Error {}

/** Tells how far the scan is, and ends it when the job was cancelled. */
export function note(batch: KindBatch, bytesDone: number): void {
  batch.progress(bytesDone);
  if (batch.cancelled()) throw new Stopped();
}
