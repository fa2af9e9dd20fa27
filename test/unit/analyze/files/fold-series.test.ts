import { foldSeries } from '../../../../src/analyze/files/fold-series.js';
import type { TimeSeries } from '../../../../src/pcap/report-types.js';

const second = 1_000_000_000n;

function series(packets: readonly number[]): TimeSeries {
  const rows = packets.map((count, i) => ({
    start_ns: (BigInt(i) * second).toString(),
    packets: count,
    bytes: 10 * count,
  }));
  const interval = second.toString();
  return {
    interval_ns: interval,
    interval_ns_asked: interval,
    rows_max: 65_536,
    coarsened: false,
    packets_without_row: 0,
    rows,
  };
}

const burst = Array<number>(20).fill(3);

test('two bursts far apart are told without the time between them', () => {
  const folded = foldSeries(series([...burst, ...Array<number>(5_000).fill(0), ...burst]), 600)!;
  expect(folded.rows).toHaveLength(42);
  expect(folded.folded).toBe(true);
  expect(folded.rows[20]).toMatchObject({ packets: 0, start_ns: '20000000000' });
  expect(folded.rows[21]).toMatchObject({ packets: 0, start_ns: '5019000000000' });
  expect(folded.rows.reduce((sum, { bytes }) => sum + Number(bytes), 0)).toBe(1200);
});

test('rows are added together until they fit, and none is lost', () => {
  const folded = foldSeries(series([...burst, ...Array<number>(5_000).fill(0), ...burst]), 10)!;
  expect(folded.rows.length).toBeLessThanOrEqual(10);
  expect(folded.rows.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(120);
});

test('a series with traffic in most of its time stays as it is', () => {
  expect(foldSeries(series([...burst, 0, 0, 0, 0, 0, ...burst]), 600)).toBeNull();
  expect(foldSeries(series([]), 600)).toBeNull();
});
