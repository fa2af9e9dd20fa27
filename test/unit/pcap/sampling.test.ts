import { planChunks } from '../../../src/pcap/chunk-plans.js';
import type { CaptureFacts, ConversationRow } from '../../../src/pcap/report-types.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import {
  address4,
  address6,
  classicCapture,
  frame,
  ipv4,
  ipv6,
  protocols,
  tcp,
  udp,
} from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, scanSplit, scanWhole } from '../../support/engine.js';

const peers = 300;

function flow(number: number): Uint8Array {
  const ports = { source: 1000 + number, target: 80 };
  if (number % 7 === 0)
    return frame(
      1,
      4,
      ipv4({ source: address4(number), target: address4(1), protocol: 1, payload: new Uint8Array(8) }),
    );
  if (number % 3 === 0)
    return frame(1, 6, ipv6({ source: address6(number), target: address6(1), protocol: 17, payload: udp(ports) }));
  return frame(
    1,
    4,
    ipv4({ source: address4(number), target: address4(1), protocol: protocols.tcp, payload: tcp(ports) }),
  );
}

/** Each flow comes three times, far apart. */
const file = classicCapture(
  Array.from({ length: 3 * peers }, (_, i) => ({ bytes: flow(2 + (i % peers)), seconds: i, originalLength: 100 + i })),
);
const connection = { client: '10.0.0.8:1008', server: '10.0.0.1:80' };
const limited = (conversationsMax: number): ScanOptions => ({ intervalNs: null, conversationsMax, connection });
const all = { top: 10_000, sort: 'bytes', compression: 'none' } as const;
const whole = (max: number): CaptureFacts => scanWhole(file, limited(max), undefined, all) as CaptureFacts;

describe('a full conversation table', () => {
  const unlimited = whole(10_000);

  test('says nothing as long as it is not full', () => {
    expect(unlimited.conversations_limit).toBeUndefined();
    expect(whole(Number(unlimited.conversations)).conversations_limit).toBeUndefined();
  });

  test.each([1, 2, 10, 50, 200])('of %d keeps exact conversations and says what is not in it', (max) => {
    const report = whole(max);
    const limit = report.conversations_limit!;
    expect(Number(report.conversations) - limit.heavy).toBeLessThanOrEqual(max);
    expect(limit.limit).toBe(max);
    expect(limit.share_kept).toBeLessThan(1);
    // Every packet here has a time, so a row without one is known within bounds.
    const kept = [...report.top].filter(({ first_ns }) => first_ns !== null);
    expect(kept).toHaveLength(Number(report.conversations) - limit.heavy);
    for (const { packets_max, bytes_max, ...row } of kept) {
      expect(unlimited.top).toContainEqual(row);
      expect([packets_max, bytes_max]).toEqual([row.packets, row.bytes]);
    }
    const packets = (rows: Iterable<ConversationRow>): number =>
      [...rows].reduce((sum, row) => sum + Number(row.packets), 0);
    const bytes = (rows: Iterable<ConversationRow>): number =>
      [...rows].reduce((sum, row) => sum + Number(row.bytes), 0);
    expect(packets(kept) + Number(limit.packets_not_in_table)).toBe(packets(unlimited.top));
    expect(bytes(kept) + Number(limit.bytes_not_in_table)).toBe(bytes(unlimited.top));
  });

  test.each([1, 2, 10, 50, 200])('of %d never loses the connection that was asked for', (max) => {
    expect(unlimited.connection!.packets).toBe(3);
    expect(whole(max).connection).toEqual(unlimited.connection);
  });

  test.each([1, 10, 200])('of %d is the same however the file is split and the results arrive', (max) => {
    for (const chunkCount of [2, 5, 20]) {
      const plans = planChunks(headerOf(file), { chunkCount });
      for (const arrival of [undefined, (results: never[]) => results.reverse()])
        expectSameBytes(scanSplit(file, plans, limited(max), arrival as undefined, all).report, whole(max));
    }
  });

  test('tells the same whatever the seed of its hash', () => {
    for (const hashSeed of [1, 77, 2 ** 32 - 1])
      expectSameBytes(scanWhole(file, { ...limited(20), hashSeed }, undefined, all), whole(20));
  });
});
