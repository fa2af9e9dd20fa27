import type { Kernel } from './kernel.js';
import { allKept, cells, seriesRowBytes, seriesRowsMax } from './partial-layout.js';
import { exactCount } from './report-total.js';
import type { SeriesRow, TimeSeries } from './report-types.js';

/** The rows from the first packet's to the last one's, empty ones as 0. */
export function seriesOf(kernel: Kernel, askedNs: string): TimeSeries {
  const shift = kernel.cell(cells.seriesShift);
  const interval = BigInt(askedNs) << shift;
  const low = kernel.signedCell(cells.seriesLow);
  const count = Number(kernel.cell(cells.seriesRows));
  const rows: SeriesRow[] = [];
  // A conversation that left the full table has counted as long as it was there: how long that was depends on the cut.
  const healthy = kernel.exports.healthAt.value !== 0 && kernel.cell(cells.thresholds) === allKept;
  for (let i = 0; i < count; i++) {
    const number = low + BigInt(i);
    const at = kernel.exports.SERIES.value + Number(BigInt.asUintN(16, number)) * seriesRowBytes;
    rows.push({
      start_ns: (number * interval + kernel.base).toString(),
      packets: exactCount(kernel.view.getBigUint64(at, true)),
      bytes: exactCount(kernel.view.getBigUint64(at + 8, true)),
      ...(healthy ? healthOf(kernel, kernel.exports.healthRow(number) >>> 0) : {}),
    });
  }
  return {
    interval_ns: interval.toString(),
    interval_ns_asked: askedNs,
    rows_max: seriesRowsMax,
    coarsened: shift > 0n,
    packets_without_row: exactCount(kernel.cell(cells.untimedPackets) + kernel.cell(cells.widePackets)),
    ...(healthy ? { tcp: true as const } : {}),
    rows,
  };
}

/** The counts of an interval, as assembly/series.ts lays them out; at 0 there are none. */
function healthOf({ view }: Kernel, at: number): Pick<SeriesRow, 'tcp'> {
  if (at === 0) return {};
  const count = (cell: number): bigint => view.getBigUint64(at + 8 * cell, true);
  const old = [3, 4, 5, 6].map(count);
  const [spurious, fast, outOfOrder, again] = old.map(exactCount);
  return {
    tcp: {
      attempts: exactCount(count(0)),
      refused: exactCount(count(1)),
      resets: exactCount(count(2)),
      old_segments: exactCount(old.reduce((sum, kind) => sum + kind)),
      retransmissions: again,
      fast_retransmissions: fast,
      spurious_retransmissions: spurious,
      out_of_order: outOfOrder,
      duplicate_acks: exactCount(count(8)),
      zero_windows: exactCount(count(9)),
      gaps: exactCount(count(10)),
      repeated_old_segments: exactCount(count(7)),
    },
  };
}
