import { planChunks } from '../../../src/pcap/chunk-plans.js';
import { totalOf } from '../../../src/pcap/report-total.js';
import type { CaptureFacts, ConversationRow } from '../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { SortOrder } from '../../../src/pcap/types.js';
import { adversarial, classicCapture, PcapngBuilder } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, reportOptions, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';

const frame = (number: number): Uint8Array => adversarial.segment(number, new Uint8Array(0));
const second = 1_000_000_000n;

describe('the time series', () => {
  const intervalNs = '1000000000';
  const series = (file: Uint8Array) => (scanWhole(file, { ...scanOptions, intervalNs }) as CaptureFacts).series!;

  test('has a row for every interval between first and last, empty ones too', () => {
    const file = classicCapture(
      [5, 3, 5, 8].map((seconds, i) => ({ bytes: frame(i), seconds, originalLength: 100 + i })),
    );
    expect(series(file)).toEqual({
      interval_ns: intervalNs,
      interval_ns_asked: intervalNs,
      rows_max: 65_536,
      coarsened: false,
      packets_without_row: 0,
      rows: [
        { start_ns: '3000000000', packets: 1, bytes: 101 },
        { start_ns: '4000000000', packets: 0, bytes: 0 },
        { start_ns: '5000000000', packets: 2, bytes: 202 },
        { start_ns: '6000000000', packets: 0, bytes: 0 },
        { start_ns: '7000000000', packets: 0, bytes: 0 },
        { start_ns: '8000000000', packets: 1, bytes: 103 },
      ],
    });
  });

  test('doubles its interval until the rows fit, the same however the file is split', () => {
    const seconds = [70_000, 4_000_000, 3, 1_000_000_000, 2, 4_294_967_295, 65_536];
    const file = classicCapture(seconds.map((at, i) => ({ bytes: frame(i), seconds: at, originalLength: 60 })));
    const told = series(file);
    expect(told).toMatchObject({ coarsened: true, interval_ns: (second << 16n).toString() });
    expect(told.rows.length).toBeLessThanOrEqual(told.rows_max);
    expect(2 * told.rows.length).toBeGreaterThan(told.rows_max);
    expect(told.rows.reduce((sum, row) => sum + Number(row.packets), 0)).toBe(seconds.length);
    for (const at of seconds) {
      const start = ((BigInt(at) * second) >> 16n) / second;
      expect(told.rows.some((row) => row.start_ns === ((start << 16n) * second).toString() && row.packets !== 0)).toBe(
        true,
      );
    }
    const options = { ...scanOptions, intervalNs };
    for (const chunkCount of [2, 3, 7])
      expectSameBytes(
        scanSplit(file, planChunks(headerOf(file), { chunkCount }), options, (all) => all.reverse()).report,
        scanWhole(file, options),
      );
  });
});

describe('times outside int64', () => {
  const file = new PcapngBuilder()
    .section()
    .interface({ timeResolution: 0 })
    .interface({ timeResolution: 0, timeOffset: -(2n ** 63n) })
    .enhanced({ bytes: frame(0), time: 5n })
    .enhanced({ bytes: frame(1), time: 2n ** 64n - 1n })
    .enhanced({ bytes: frame(2), time: 3n, interfaceNumber: 1 })
    .bytes();

  test('are exact as the first and last of the file, and said', () => {
    const report = scanWhole(file, { ...scanOptions, intervalNs: '1000' }) as CaptureFacts;
    expect(report.first_ns).toBe(((3n - 2n ** 63n) * second).toString());
    expect(report.last_ns).toBe(((2n ** 64n - 1n) * second).toString());
    expect(report.packets_time_saturated).toBe(2);
    expect(report.series).toMatchObject({ packets_without_row: 2, rows: [{ start_ns: '5000000000', packets: 1 }] });
  });

  test.each([2n ** 34n, -(2n ** 34n)])('may come of the offset alone, here %s s and no unit', (timeOffset) => {
    const alone = new PcapngBuilder()
      .section()
      .interface({ timeOffset })
      .enhanced({ bytes: frame(0), time: 0n })
      .bytes();
    const report = scanWhole(alone) as CaptureFacts;
    const at = (timeOffset * second).toString();
    expect(report).toMatchObject({ first_ns: at, last_ns: at });
    // Times are counted from the first packet, so none is too far away.
    expect(report).not.toHaveProperty('packets_time_saturated');
  });

  test('are the same however the file is split', () => {
    for (const chunkCount of [2, 3, 6])
      expectSameBytes(scanSplit(file, planChunks(headerOf(file), { chunkCount })).report, scanWhole(file));
  });
});

describe('the order of conversations', () => {
  const file = adversarial.plain(200);
  const key = (row: ConversationRow): Record<SortOrder, bigint> => ({
    bytes: -BigInt(row.bytes),
    packets: -BigInt(row.packets),
    duration: BigInt(row.first_ns!) - BigInt(row.last_ns!),
    start: BigInt(row.first_ns!),
  });
  const ranked = (sort: SortOrder, top: number): readonly ConversationRow[] => [
    ...(scanWhole(file, scanOptions, undefined, { ...reportOptions, sort, top }) as CaptureFacts).top,
  ];

  test.each<SortOrder>(['bytes', 'packets', 'duration', 'start'])(
    'is by %s, and a shorter list is its beginning',
    (sort) => {
      const all = ranked(sort, 1000);
      expect(all.length).toBeGreaterThan(5);
      for (let i = 1; i < all.length; i++) expect(key(all[i - 1])[sort] <= key(all[i])[sort]).toBe(true);
      for (const top of [0, 1, 4]) expect(ranked(sort, top)).toEqual(all.slice(0, top));
    },
  );
});

describe('sums over files', () => {
  test('are exact beyond 2^53 and written as integers', () => {
    const report = scanWhole(adversarial.plain(3)) as CaptureFacts;
    const large = { ...report, original_bytes: 2 ** 53 - 1 };
    const total = totalOf([large, large, { error: 'not-a-capture', error_detail: 'empty file' }], 1);
    expect(total).toMatchObject({ files: 4, files_unreadable: 2, packets: 6, original_bytes: 2n ** 54n - 2n });
    expect(toCanonicalJson(total)).toContain('"original_bytes": 18014398509481982,');
  });

  test('of nothing are nothing', () => {
    expect(totalOf([])).toMatchObject({ files: 0, packets: 0, first_ns: null, last_ns: null });
  });
});
