import { noLimit, phases, type Kernel } from '../kernel.js';
import { cells } from '../partial-layout.js';
import type { PieceRun, PieceSums } from './select-pieces.js';

/** From now on the kernel reads a run of pieces. What it counted before stays. */
export function beginRun(kernel: Kernel, { start, end, state }: PieceRun): void {
  if (state !== null) kernel.installState(state);
  kernel.exports.beginWindow(
    BigInt(start),
    end === null ? noLimit : BigInt(end),
    state === null ? phases.header : phases.records,
    state === null ? 0 : kernel.formatNumber(state),
  );
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
  const set = (cell: number, value: bigint): void =>
    kernel.view.setBigUint64(kernel.exports.TOTALS.value + 8 * cell, value, true);
  set(cells.examined, kernel.cell(cells.examined) + BigInt(packets));
  set(cells.interfaces, kernel.cell(cells.interfaces) + BigInt(interfaces));
  set(cells.sections, kernel.cell(cells.sections) + BigInt(sections));
  set(cells.byteOrders, kernel.cell(cells.byteOrders) | BigInt(byteOrders));
}
