import type { SeriesRow, TimeSeries } from '../../pcap/report-types.js';
import { inIntervals, longerIntervals } from './fit-series.js';

/** Empty rows that are kept on each side of a fold, so that a chart goes down to nothing before it ends. */
const emptyRowsKept = 1;

/**
 * The same series without its long empty stretches, in the shortest intervals that then give at most
 * `rowsMax` rows; null where there is nothing to gain: less than half of all rows would go.
 */
export function foldSeries(series: TimeSeries, rowsMax: number): (TimeSeries & { readonly folded: true }) | null {
  const { rows } = series;
  const kept = rows.filter((_row, i) => isNear(rows, i));
  if (rows.length === 0 || 2 * kept.length > rows.length) return null;
  for (const ns of longerIntervals(BigInt(series.interval_ns))) {
    const told = { interval_ns_asked: ns.toString(), coarsened: false, rows_max: rowsMax };
    const folded = inIntervals({ ...series, rows: kept }, ns, told);
    if (folded.rows.length <= rowsMax) return { ...folded, folded: true };
  }
  return null;
}

/** Whether a row has packets, or is beside one that has. */
function isNear(rows: readonly SeriesRow[], at: number): boolean {
  for (let i = Math.max(0, at - emptyRowsKept); i <= Math.min(rows.length - 1, at + emptyRowsKept); i++)
    if (rows[i].packets !== 0) return true;
  return false;
}
