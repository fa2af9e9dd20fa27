import type { Kernel } from './kernel.js';
import { cells, seriesRowBytes, seriesRowsMax } from './partial-layout.js';
import { exactCount } from './report-total.js';
import type { SeriesRow, TimeSeries } from './report-types.js';

/** The rows from the first packet's to the last one's, empty ones as 0. */
export function seriesOf(kernel: Kernel, askedNs: string): TimeSeries {
  const shift = kernel.cell(cells.seriesShift);
  const interval = BigInt(askedNs) << shift;
  const low = kernel.signedCell(cells.seriesLow);
  const count = Number(kernel.cell(cells.seriesRows));
  const rows: SeriesRow[] = [];
  for (let i = 0; i < count; i++) {
    const number = low + BigInt(i);
    const at = kernel.exports.SERIES.value + Number(BigInt.asUintN(16, number)) * seriesRowBytes;
    rows.push({
      start_ns: (number * interval + kernel.base).toString(),
      packets: exactCount(kernel.view.getBigUint64(at, true)),
      bytes: exactCount(kernel.view.getBigUint64(at + 8, true)),
    });
  }
  return {
    interval_ns: interval.toString(),
    interval_ns_asked: askedNs,
    rows_max: seriesRowsMax,
    coarsened: shift > 0n,
    packets_without_row: exactCount(kernel.cell(cells.untimedPackets) + kernel.cell(cells.widePackets)),
    rows,
  };
}
