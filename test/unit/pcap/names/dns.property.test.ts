import fc from 'fast-check';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import type { ReportOptions, ScanOptions } from '../../../../src/pcap/types.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { dnsRecord, dnsTrace, type DnsPacket } from '../../../support/capture-builder/dns-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../../support/engine.js';
import { DnsOracle, toldCounts } from '../../../support/oracle/dns.js';
import { oracleReading } from '../../../support/oracle/index.js';
import { holds } from '../../../support/property.js';

const names: ScanOptions = { ...scanOptions, names: true };
const everything: ReportOptions = { ...reportOptions, top: 1000 };

const captureOf = (packets: readonly DnsPacket[], snap?: number): Uint8Array =>
  classicCapture(
    packets.map((packet) => dnsRecord(packet, snap)),
    { nanoseconds: true },
  );
const snapLength = fc.option(fc.constantFrom(40, 46, 50, 58, 66, 80, 90), { nil: undefined, freq: 6 });

test('queries and answers are those of a plain machine which reads packet by packet', () => {
  holds(
    fc.record({ packets: dnsTrace, snap: snapLength }),
    ({ packets, snap }) => {
      const bytes = captureOf(packets, snap);
      const oracle = new DnsOracle(oracleReading(bytes)!);
      const facts = scanWhole(bytes, names, undefined, everything) as CaptureFacts;
      const { dns, addresses } = facts.names!;
      expect(dns).toMatchObject(toldCounts(oracle.all));
      expect([dns.malformed, dns.cut]).toEqual([oracle.malformed, oracle.cut]);
      expect(dns.response_codes.map(({ code, answers }) => [code, answers])).toEqual(
        [...oracle.all.codes.entries()].filter(([, count]) => count > 0),
      );
      const told = (rows: Map<string, Parameters<typeof toldCounts>[0]>, column: string): object[] =>
        [...rows].map(([key, counts]) => ({ [column]: key, ...toldCounts(counts) }));
      expect(sorted(dns.names.rows)).toEqual(sorted(told(oracle.names, 'name')));
      expect(sorted(dns.servers.rows)).toEqual(sorted(told(oracle.servers, 'server')));
      expect(sorted(addresses.rows.map(({ address, name, times }) => [`${address} ${name}`, times]))).toEqual(
        sorted([...oracle.called]),
      );
    },
    200,
  );
});

const sorted = (rows: readonly object[]): string[] =>
  rows.map((row) => toCanonicalJson(Object.entries(row).sort())).sort();

test('cut anywhere into 1 to 8 chunks, a capture tells the same names', () => {
  holds(
    fc.record({
      packets: dnsTrace,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 7 }),
    }),
    ({ packets, cuts }) => {
      const bytes = captureOf(packets);
      const places = [...new Set(cuts.map((share) => 25 + Math.floor(share * (bytes.length - 25))))]
        .sort((x, y) => x - y)
        .filter((place) => place < bytes.length);
      const whole = toCanonicalJson(scanWhole(bytes, names, undefined, everything));
      const { report } = scanSplit(bytes, plansAt(headerOf(bytes), places), names, (all) => all.reverse(), everything);
      expect(toCanonicalJson(report)).toBe(whole);
    },
    150,
  );
});
