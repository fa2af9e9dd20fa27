import { exactCount } from './report-total.js';
import type { TunnelRow } from './report-types.js';
import { tunnelDepthMax, tunnelTypes } from './tunnel-types.js';

interface Row {
  readonly number: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Outermost first, and among those of one depth the largest: by bytes, then packets, then number. */
export function tunnelRows(rows: readonly Row[]): TunnelRow[] {
  const depthOf = ({ number }: Row): number => (number % tunnelDepthMax) + 1;
  const order = (x: Row, y: Row): number =>
    depthOf(x) - depthOf(y) || Number(y.bytes - x.bytes) || Number(y.packets - x.packets) || x.number - y.number;
  return [...rows].sort(order).map((row) => ({
    type: tunnelTypes[Math.floor(row.number / tunnelDepthMax)],
    depth: depthOf(row),
    packets: exactCount(row.packets),
    bytes: exactCount(row.bytes),
  }));
}
