import fc from 'fast-check';
import { OrderedSums } from '../../../../src/captures/join/ordered-sums.js';
import { soundOutcome } from '../../../../src/captures/packed/inflated.js';
import type { FileOutcome } from '../../../../src/captures/join/scan-run.js';
import { JoinScanner, type FilesBefore } from '../../../../src/pcap/join-scanner.js';
import type { CaptureFacts } from '../../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../../src/pcap/rows/json-pieces.js';
import type { ScanOptions } from '../../../../src/pcap/types.js';
import { classicCapture } from '../../../support/capture-builder.js';
import { interleaved, tcpTrace, traceRecord } from '../../../support/capture-builder/tcp-traces.js';
import { cutCapture } from '../../../support/cut-capture.js';
import { reportOptions, scanModule, scanOptions, scanWhole } from '../../../support/engine.js';
import { holds } from '../../../support/property.js';

const tcp: ScanOptions = { ...scanOptions, tcp: true, intervalNs: '200000000' };
const told = { ...reportOptions, top: 1000 };

function put(scanner: JoinScanner, bytes: Uint8Array): FileOutcome {
  scanner.begin();
  for (let at = 0; at < bytes.length;) {
    const portion = bytes.subarray(at, at + scanner.space().length);
    scanner.space().set(portion);
    scanner.filled(portion.length);
    at += portion.length;
  }
  return { facts: scanner.endPart(), inflated: soundOutcome };
}

const contentOf = ({ tcp: totals, top, series, packets }: CaptureFacts): string =>
  toCanonicalJson({ totals, top: [...top], series, packets });

test('runs of files that are scanned by themselves, and come in any order, tell the TCP health of all in one', () => {
  let scans = { again: 0, logged: 0 };
  holds(
    fc.record({
      traces: fc.array(tcpTrace, { minLength: 4, maxLength: 4 }).map(interleaved),
      packets: fc.integer({ min: 2, max: 30 }),
      filesOfRun: fc.integer({ min: 1, max: 3 }),
      turn: fc.nat({ max: 20 }),
      logged: fc.boolean(),
    }),
    ({ traces, packets, filesOfRun, turn, logged }) => {
      const bytes = classicCapture(
        traces.map((segment) => traceRecord(segment)),
        { nanoseconds: true },
      );
      const files = cutCapture(bytes, packets);
      const waiting: { from: number; again?: FilesBefore }[] = [];
      for (let from = 0; from < files.length; from += filesOfRun) waiting.push({ from });
      waiting.push(...waiting.splice(0, turn % waiting.length));
      const sums = new OrderedSums(new JoinScanner(scanModule, tcp), (from, before) => {
        const again = logged ? { tcpLogged: true as const } : before;
        waiting.unshift({ from, again });
        scans = { again: scans.again + 1, logged: scans.logged + (logged ? 1 : 0) };
      });
      for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
        const { from, again } = run;
        const scanner = new JoinScanner(scanModule, tcp, again ?? (from === 0 ? null : {}));
        const outcomes = files.slice(from, from + filesOfRun).map((file) => put(scanner, file));
        sums.add(from, { outcomes, partial: scanner.partial(), again });
      }
      expect(sums.outcomes).toHaveLength(files.length);
      const joined = sums.scanner.report(told);
      expect(contentOf(joined)).toBe(contentOf(scanWhole(bytes, tcp, undefined, told) as CaptureFacts));
    },
    300,
  );
  process.stderr.write(`${scans.again} runs again, ${scans.logged} of them with whole logs\n`);
  expect(scans.logged).toBeGreaterThan(0);
  expect(scans.again).toBeGreaterThan(scans.logged);
});
