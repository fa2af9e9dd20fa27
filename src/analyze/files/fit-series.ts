import type { Count } from '../../pcap/types.js';
import type { SeriesRow, TimeSeries } from '../../pcap/report-types.js';
import { intervalCounts, type TcpInterval } from '../../pcap/tcp-types.js';

const second = 1_000_000_000n;

/** Lengths that people count in, ascending: binary parts of a second, then those of clocks and calendars, in ns. */
const plainIntervalsNs: readonly bigint[] = [
  ...[512n, 256n, 128n, 64n, 32n, 16n, 8n, 4n, 2n].map((part) => second / part),
  ...[1n, 2n, 5n, 10n, 15n, 20n, 30n].map((seconds) => seconds * second),
  ...[1n, 2n, 5n, 10n, 15n, 20n, 30n].map((minutes) => minutes * 60n * second),
  ...[1n, 2n, 3n, 4n, 6n, 8n, 12n].map((hours) => hours * 3_600n * second),
  ...[1n, 2n, 7n].map((days) => days * 86_400n * second),
];

/**
 * The same series in rows of the shortest plain interval that gives at most `rowsMax` of them: exactly what a
 * scan with that interval would have told.
 */
export function fitSeries(series: TimeSeries, rowsMax: number): TimeSeries {
  const interval = BigInt(series.interval_ns);
  const fits = (ns: bigint): boolean => ns % interval === 0n && rowsIn(series, ns) <= rowsMax;
  let chosen = plainIntervalsNs.find(fits);
  if (chosen === undefined) for (chosen = interval; !fits(chosen);) chosen *= 2n;
  return inIntervals(series, chosen, { interval_ns_asked: chosen.toString(), coarsened: false, rows_max: rowsMax });
}

/** The same series, its interval doubled until at most `rowsMax` rows are left. */
export function coarsenSeries(series: TimeSeries, rowsMax: number): TimeSeries {
  let interval = BigInt(series.interval_ns);
  if (series.rows.length <= rowsMax) return series;
  while (rowsIn(series, interval) > rowsMax) interval *= 2n;
  return inIntervals(series, interval, {
    interval_ns_asked: series.interval_ns_asked,
    coarsened: true,
    rows_max: rowsMax,
  });
}

/** Intervals that rows of this one can be added together to, ascending: plain ones, then its own doublings. */
export function* longerIntervals(ns: bigint): Generator<bigint> {
  yield ns;
  yield* plainIntervalsNs.filter((plain) => plain > ns && plain % ns === 0n);
  for (let longer = ns * 2n; longer < 1n << 63n; longer *= 2n) yield longer;
}

function rowsIn({ rows }: TimeSeries, ns: bigint): number {
  if (rows.length === 0) return 0;
  return (
    Number(floorDivide(BigInt(rows[rows.length - 1].start_ns), ns) - floorDivide(BigInt(rows[0].start_ns), ns)) + 1
  );
}

/** Adds neighbours together; `ns` is a multiple of the series' interval. Rows without gaps have none after. */
export function inIntervals(
  series: TimeSeries,
  ns: bigint,
  told: Pick<TimeSeries, 'interval_ns_asked' | 'coarsened' | 'rows_max'>,
): TimeSeries {
  const rows: SeriesRow[] = [];
  let number: bigint | null = null;
  let packets: Count = 0;
  let bytes: Count = 0;
  let tcp: TcpInterval | undefined;
  const close = (): void => {
    if (number === null) return;
    rows.push({ start_ns: (number * ns).toString(), packets, bytes, ...(tcp === undefined ? {} : { tcp }) });
  };
  for (const row of series.rows) {
    const at = floorDivide(BigInt(row.start_ns), ns);
    if (at !== number) {
      close();
      [number, packets, bytes, tcp] = [at, 0, 0, undefined];
    }
    if (row.tcp !== undefined) tcp = tcp === undefined ? row.tcp : both(tcp, row.tcp);
    packets = sum(packets, row.packets);
    bytes = sum(bytes, row.bytes);
  }
  close();
  return { ...series, interval_ns: ns.toString(), ...told, rows };
}

function both(x: TcpInterval, y: TcpInterval): TcpInterval {
  return Object.fromEntries(intervalCounts.map((name) => [name, sum(x[name], y[name])])) as TcpInterval;
}

/** Exact: a bigint where a number would be rounded. */
export function sum(x: Count, y: Count): Count {
  if (typeof x === 'number' && typeof y === 'number' && Number.isSafeInteger(x + y)) return x + y;
  return BigInt(x) + BigInt(y);
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
