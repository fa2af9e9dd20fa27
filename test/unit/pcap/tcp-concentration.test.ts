import { concentrated } from '../../../src/pcap/tcp-concentration.js';
import { extractOptions } from '../../../src/pcap/tcp-findings.js';
import type { SeriesRow, TimeSeries } from '../../../src/pcap/report-types.js';
import { sampleInterval } from '../../support/sample-tcp.js';

const second = 1_000_000_000n;
const start = 1_764_511_200n * second;

/** Seconds with so many packets, of which so many were sent again. */
function seriesOf(rows: readonly (readonly [packets: number, again: number])[]): TimeSeries {
  return {
    ...{ interval_ns: `${second}`, interval_ns_asked: `${second}`, rows_max: 65_536, coarsened: false },
    ...{ packets_without_row: 0, tcp: true },
    rows: rows.map(([packets, again], i): SeriesRow => ({
      ...{ start_ns: `${start + BigInt(i) * second}`, packets, bytes: 100 * packets },
      ...(again === 0 ? {} : { tcp: sampleInterval({ old_segments: again + 2, out_of_order: 2 }) }),
    })),
  };
}

const even = (count: number): [number, number][] => Array.from({ length: count }, () => [100, 2]);

test('the shortest time with 40 % of what was sent again is told, with its share of the packets and what extracts it', () => {
  const finding = concentrated(seriesOf([...even(20), [120, 50], [100, 60], ...even(38)]))!;
  // 116 in the 58 seconds beside them.
  expect(finding.text).toBe(
    '48.7 % of what was sent again, 110 of 226 segments, came between 2025-11-30T14:00:20Z and 2025-11-30T14:00:22Z, ' +
      'among 3.7 % of the packets',
  );
  expect(extractOptions(finding)).toBe("--filter 'tcp' --after 2025-11-30T14:00:20Z --before 2025-11-30T14:00:22Z");
});

test('among times of one length it is the one with most, and the first of these', () => {
  const [lone, both] = [
    [100, 100],
    [100, 101],
  ] as const;
  const starts = (...rows: (readonly [number, number])[]): string | undefined =>
    concentrated(seriesOf([...even(10), ...rows, ...even(10)]))?.after_ns;
  const at = (i: number): string => `${start + BigInt(10 + i) * second}`;
  expect(starts([100, 3], lone, [100, 3])).toBe(at(1));
  expect(starts(lone, [100, 0], both)).toBe(at(2));
  expect(starts(lone, [100, 0], lone)).toBe(at(0));
});

test('what is spread like the traffic, or is little, or of a short capture, is not told', () => {
  expect(concentrated(seriesOf(even(60)))).toBeNull();
  // As much more traffic.
  expect(concentrated(seriesOf([...even(20), [5_000, 80], ...even(20)]))).toBeNull();
  expect(
    concentrated(seriesOf([...even(0), [100, 19], ...even(0), ...Array<[number, number]>(30).fill([100, 0])])),
  ).toBeNull();
  expect(concentrated(seriesOf([[100, 20], ...Array<[number, number]>(30).fill([100, 0])]))).not.toBeNull();
  expect(concentrated(seriesOf([[100, 20], ...Array<[number, number]>(8).fill([100, 0])]))).toBeNull();
  expect(concentrated(seriesOf([]))).toBeNull();
});
