import fc from 'fast-check';

import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { ReportOptions, ScanOptions } from '../../../src/pcap/types.js';
import { classicCapture } from '../../support/capture-builder.js';
import { interleaved, tcpTrace, traceRecord } from '../../support/capture-builder/tcp-traces.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../../support/engine.js';
import { oracleReading } from '../../support/oracle/index.js';
import { tcpEvents, tcpHealth } from '../../support/oracle/tcp.js';
import { holds } from '../../support/property.js';

const tcp: ScanOptions = { ...scanOptions, tcp: true };
const everything: ReportOptions = { ...reportOptions, top: 1000 };

const trace = fc.record({
  segments: tcpTrace,
  snap: fc.option(fc.constantFrom(40, 46, 48, 50, 54, 60), { nil: undefined, freq: 6 }),
});
/** Six of them one beside the other: what a case costs is chunks and reports more than packets. */
const several = fc.record({
  segments: fc.array(tcpTrace, { minLength: 6, maxLength: 6 }).map(interleaved),
  snap: fc.option(fc.constantFrom(48, 50), { nil: undefined, freq: 6 }),
});
const captureOf = ({ segments, snap }: { segments: Parameters<typeof traceRecord>[0][]; snap?: number }): Uint8Array =>
  classicCapture(
    segments.map((segment) => traceRecord(segment, snap)),
    { nanoseconds: true },
  );

const healthOf = (facts: CaptureFacts): Record<string, unknown> =>
  Object.fromEntries([...facts.top].map(({ a, b, tcp: health }) => [`${a} ${b}`, health]));

const byIntervals: ScanOptions = { ...tcp, intervalNs: '200000000' };
/** Doubled until 65,536 rows are enough. */
const byShortIntervals: ScanOptions = { ...tcp, intervalNs: '1000' };

test('the health of each conversation is that of a plain machine which reads packet by packet', () => {
  holds(
    trace,
    (one) => {
      const bytes = captureOf(one as Parameters<typeof captureOf>[0]);
      const theirs = Object.fromEntries(tcpHealth(oracleReading(bytes)!));
      const ours = healthOf(scanWhole(bytes, tcp, undefined, everything) as CaptureFacts);
      for (const [key, health] of Object.entries(ours)) expect(health).toEqual(theirs[key] ?? null);
      expect(Object.keys(theirs).every((key) => key in ours)).toBe(true);
    },
    600,
  );
});

test.each([
  ['asked for', byIntervals, trace, 600],
  // Its many rows take long: few cases, each with more to tell.
  ['doubled', byShortIntervals, several, 4],
])('the health of each interval that was %s is what the plain machine counted in it', (_how, options, traces, runs) => {
  let events = 0;
  holds(
    traces,
    (one) => {
      const bytes = captureOf(one as Parameters<typeof captureOf>[0]);
      const { series } = scanWhole(bytes, options, undefined, everything) as CaptureFacts;
      const interval = BigInt(series!.interval_ns);
      const theirs = new Map<string, number>();
      for (const { what, time } of tcpEvents(oracleReading(bytes)!)) {
        const key = `${(time! / interval) * interval} ${what}`;
        theirs.set(key, (theirs.get(key) ?? 0) + 1);
        events++;
      }
      const ours = series!.rows.flatMap(({ start_ns: start, tcp: counts }) =>
        Object.entries(counts ?? {})
          .filter(([, count]) => count !== 0)
          .map(([what, count]) => [`${start} ${what}`, count] as const),
      );
      expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs));
    },
    runs,
  );
  expect(events).toBeGreaterThan(0);
});

test.each([
  ['as asked for', byIntervals, 600],
  ['doubled', byShortIntervals, 4],
])('cut anywhere into 1 to 8 chunks, a capture gives the same bytes, intervals %s', (_how, options, runs) => {
  let rescans = 0;
  holds(
    fc.record({
      one: several,
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 0, maxLength: 7 }),
    }),
    ({ one, cuts }) => {
      const bytes = captureOf(one as Parameters<typeof captureOf>[0]);
      const places = [...new Set(cuts.map((share) => 25 + Math.floor(share * (bytes.length - 25))))].sort(
        (x, y) => x - y,
      );
      const whole = toCanonicalJson(scanWhole(bytes, options, undefined, everything));
      const split = scanSplit(
        bytes,
        plansAt(headerOf(bytes), places),
        options,
        (results) => results.reverse(),
        everything,
      );
      rescans += split.rescans;
      expect(toCanonicalJson(split.report)).toBe(whole);
    },
    runs,
  );
  process.stderr.write(`${rescans} rescans\n`);
});
