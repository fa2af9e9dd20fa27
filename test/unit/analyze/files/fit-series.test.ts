import fc from 'fast-check';
import { coarsenSeries, fitSeries, sum } from '../../../../src/analyze/files/fit-series.js';
import { sampleInterval } from '../../../support/sample-tcp.js';
import type { TimeSeries } from '../../../../src/pcap/report-types.js';

/** A series without gaps: row i begins at (low + i) intervals. */
function series(interval: bigint, low: bigint, packets: readonly number[]): TimeSeries {
  return {
    interval_ns: interval.toString(),
    interval_ns_asked: interval.toString(),
    rows_max: 65_536,
    coarsened: false,
    packets_without_row: 0,
    rows: packets.map((count, i) => ({
      start_ns: ((low + BigInt(i)) * interval).toString(),
      packets: count,
      bytes: count * 100,
    })),
  };
}

const arbitrary = fc
  .tuple(
    fc.integer({ min: 0, max: 20 }),
    fc.bigInt({ min: -10_000n, max: 10_000n }),
    fc.array(fc.nat(1000), { minLength: 1, maxLength: 700 }),
  )
  .map(([shift, low, packets]) => series(1_953_125n << BigInt(shift), low, packets));

/** Each packet's row, counted anew from the rows before: what a scan with that interval would give. */
function regrouped(from: TimeSeries, ns: bigint): Map<string, number> {
  const rows = new Map<string, number>();
  for (const { start_ns, packets } of from.rows) {
    let start = BigInt(start_ns) - (BigInt(start_ns) % ns);
    if (start > BigInt(start_ns)) start -= ns;
    rows.set(start.toString(), (rows.get(start.toString()) ?? 0) + Number(packets));
  }
  return rows;
}

describe.each([
  ['fitSeries', fitSeries],
  ['coarsenSeries', coarsenSeries],
])('%s', (_name, change) => {
  test('keeps every count, in no more rows than allowed, aligned to 1970', () => {
    fc.assert(
      fc.property(arbitrary, fc.integer({ min: 2, max: 60 }), (from, rowsMax) => {
        const to = change(from, rowsMax);
        expect(to.rows.length).toBeLessThanOrEqual(rowsMax);
        expect(to.rows.map(({ start_ns, packets }) => [start_ns, Number(packets)])).toEqual([
          ...regrouped(from, BigInt(to.interval_ns)),
        ]);
        for (const row of to.rows) expect(row.bytes).toBe(Number(row.packets) * 100);
      }),
    );
  });
});

test('a series of a day is told in minutes, not in doublings of the scan', () => {
  const day = series(2_000_000_000n, 0n, Array<number>(43_200).fill(1));
  expect(fitSeries(day, 600)).toMatchObject({ interval_ns: '300000000000', coarsened: false });
  expect(fitSeries(day, 600).rows).toHaveLength(288);
});

test('an interval that was asked for is doubled, and that is said', () => {
  const asked = series(1_000_000_000n, 0n, Array<number>(1000).fill(1));
  expect(coarsenSeries(asked, 600)).toMatchObject({
    interval_ns: '2000000000',
    interval_ns_asked: '1000000000',
    coarsened: true,
  });
  expect(coarsenSeries(asked, 1000)).toBe(asked);
});

test('a capture without times has a series without rows', () => {
  expect(fitSeries(series(1_953_125n, 0n, []), 600).rows).toEqual([]);
});

test('sums stay exact beyond 2^53', () => {
  expect(sum(Number.MAX_SAFE_INTEGER, 2)).toBe(9_007_199_254_740_993n);
  expect(sum(2, 3)).toBe(5);
});

test('counts of TCP health are added together with their rows', () => {
  const from = series(1_000n, 0n, [1, 2, 3]);
  const health = (gaps: number) => ({ tcp: sampleInterval({ gaps, resets: 1 }) });
  const rows = from.rows.map((row, i) => (i === 1 ? row : { ...row, ...health(i + 5) }));
  const [row] = coarsenSeries({ ...from, tcp: true, rows }, 1).rows;
  expect(row.tcp).toEqual(sampleInterval({ gaps: 12, resets: 2 }));
  expect(coarsenSeries(from, 1).rows[0].tcp).toBeUndefined();
});
