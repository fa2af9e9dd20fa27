import fc from 'fast-check';

import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import type { ReportOptions, ScanOptions } from '../../../src/pcap/types.js';
import { arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { allConversations, endpointCounts, seriesCounts } from '../../support/oracle/extras.js';
import { oracleReading, type OracleReading } from '../../support/oracle/index.js';
import { holds } from '../../support/property.js';

const everything: ReportOptions = { ...reportOptions, top: 100_000 };
const capture = fc.oneof(arbitrary.classic(), arbitraryPcapng());

/** Both readings of a random capture, which is always sound. */
function read(bytes: Uint8Array, options: ScanOptions = scanOptions): [CaptureFacts, OracleReading] {
  return [scanWhole(bytes, options, undefined, everything) as CaptureFacts, oracleReading(bytes)!];
}

test('every conversation is told, not only the ten largest', () => {
  holds(
    capture,
    ({ bytes }) => {
      const [report, reading] = read(bytes);
      const rows = report.top.map((row) => ({ ...row, bytes: Number(row.bytes) }));
      expect(rows).toMatchObject(allConversations(reading));
      expect(rows).toHaveLength(report.conversations as number);
    },
    100,
  );
});

test('endpoints count every IP packet of an address', () => {
  holds(
    capture,
    ({ bytes }) => {
      const [report, reading] = read(bytes);
      const found = report.endpoints.map(({ address, packets: _, bytes: __, ...row }) => [address, row] as const);
      expect(new Map(found)).toEqual(endpointCounts(reading));
      expect(report.endpoints_total).toBe(found.length);
    },
    100,
  );
});

test('packet sizes are told once each and add up', () => {
  holds(
    capture,
    ({ bytes }) => {
      const [report, reading] = read(bytes);
      for (const { from, to, packets } of report.packet_sizes) {
        const inside = reading.packets.filter(({ originalLength }) => originalLength >= from && originalLength <= to);
        expect(packets).toBe(inside.length);
      }
      expect(report.packet_sizes.reduce((sum, { packets }) => sum + Number(packets), 0)).toBe(reading.packets.length);
    },
    100,
  );
});

test('the time series counts each packet that has a time in its row', () => {
  holds(
    fc.tuple(capture, fc.constantFrom(1_000_000_000n, 250_000_000n, 7n * 86_400_000_000_000n)),
    ([{ bytes }, asked]) => {
      const [{ series }, reading] = read(bytes, { ...scanOptions, intervalNs: asked.toString() });
      const interval = BigInt(series!.interval_ns);
      const expected = seriesCounts(reading, interval);
      const rows = series!.rows.map(
        ({ start_ns, packets, bytes: size }) =>
          [BigInt(start_ns), { packets: Number(packets), bytes: Number(size) }] as const,
      );
      expect(new Map(rows.filter(([, { packets }]) => packets > 0))).toEqual(expected);
      expect(series!.coarsened).toBe(interval !== asked);
      // One expectation for the thousands of rows: one each would take longer than all the rest.
      expect(rows.slice(1).filter(([start], i) => start - rows[i][0] !== interval)).toEqual([]);
    },
    100,
  );
});

test('a connection counts its TCP packets in both directions', () => {
  holds(
    fc.tuple(capture, fc.noBias(fc.nat()), fc.boolean()),
    ([{ bytes }, choice, turned]) => {
      const reading = oracleReading(bytes)!;
      const rows = allConversations(reading).filter(({ proto }) => proto === 'tcp');
      if (rows.length === 0) return;
      const row = rows[choice % rows.length];
      const [client, server] = turned ? [row.b, row.a] : [row.a, row.b];
      const { connection } = scanWhole(bytes, { ...scanOptions, connection: { client, server } }) as CaptureFacts;
      expect(connection).toMatchObject({ client, server, packets: row.packets });
      expect(Number(connection!.bytes)).toBe(row.bytes);
      // A connection of an endpoint with itself has one direction only.
      if (client !== server)
        expect(connection!.packets_client_to_server).toBe(turned ? row.packets_b_to_a : row.packets_a_to_b);
    },
    100,
  );
});

describe('when the table of conversations is full', () => {
  const crowded = arbitrary.classic(120);

  test('those that are kept are exact, and what is left out is said', () => {
    holds(
      fc.tuple(crowded, fc.integer({ min: 1, max: 20 })),
      ([{ bytes }, conversationsMax]) => {
        const [report, reading] = read(bytes, { ...scanOptions, conversationsMax });
        const all = new Map(allConversations(reading).map((row) => [`${row.proto} ${row.a} ${row.b}`, row]));
        const heavy = report.conversations_limit?.heavy ?? 0;
        let timeless = 0;
        for (const row of report.top) {
          const right = all.get(`${row.proto} ${row.a} ${row.b}`)!;
          const isKept = row.first_ns !== null || right.first_ns === null;
          if (!isKept) timeless++;
          if (isKept) expect({ ...row, bytes: Number(row.bytes) }).toMatchObject(right);
          expect(Number(row.bytes)).toBeLessThanOrEqual(Number(right.bytes));
          expect(Number(row.bytes_max ?? row.bytes)).toBeGreaterThanOrEqual(Number(right.bytes));
        }
        expect(timeless).toBeLessThanOrEqual(heavy);
        expect(Number(report.conversations) - heavy).toBeLessThanOrEqual(conversationsMax);
        if (all.size > conversationsMax) expect(report.conversations_limit?.limit).toBe(conversationsMax);
      },
      200,
    );
  });

  test('which are kept depends neither on the split nor on the seed of the hash', () => {
    holds(
      fc.tuple(
        crowded,
        fc.integer({ min: 1, max: 20 }),
        fc.array(arbitrary.share, { minLength: 1, maxLength: 6 }),
        fc.nat(),
      ),
      ([{ bytes }, conversationsMax, shares, hashSeed]) => {
        const options = { ...scanOptions, conversationsMax };
        const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
        const plans = plansAt(
          headerOf(bytes),
          cuts.sort((x, y) => x - y),
        );
        const reference = scanWhole(bytes, options, undefined, everything);
        const split = scanSplit(bytes, plans, { ...options, hashSeed }, undefined, everything);
        expectSameBytes(split.report, reference);
      },
      200,
    );
  });
});
