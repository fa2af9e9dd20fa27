import { phases, type Kernel } from '../kernel.js';
import { cells } from '../partial-layout.js';
import type { PieceRun, PieceSums } from './select-pieces.js';

/** From now on the kernel reads a run of pieces. What it counted before stays. */
export function beginRun(kernel: Kernel, { start, end, state }: PieceRun): void {
  if (state !== null) kernel.installState(state);
  kernel.beginPlan({ start, end, startCertain: true, state });
}

/** Whether a run that was read is what the index says: else the file is another one by now. */
export function isAsIndexed(kernel: Kernel, run: PieceRun, examinedBefore: bigint): boolean {
  if (run.end === null) return true;
  const { exports } = kernel;
  const packets = kernel.cell(cells.examined) - examinedBefore;
  return (
    exports.phaseNow() === phases.complete &&
    exports.position() === BigInt(run.end) &&
    run.packets !== null &&
    packets === BigInt(run.packets)
  );
}

/** Adds what is known of pieces that are not read. */
export function addSkipped(kernel: Kernel, { packets, interfaces, sections, byteOrders }: PieceSums): void {
  kernel.addCell(cells.examined, BigInt(packets));
  kernel.addCell(cells.interfaces, BigInt(interfaces));
  kernel.addCell(cells.sections, BigInt(sections));
  kernel.setCell(cells.byteOrders, kernel.cell(cells.byteOrders) | BigInt(byteOrders));
}
