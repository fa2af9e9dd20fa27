import fc from 'fast-check';

import { ChunkScanner } from '../../../src/pcap/chunk-scanner.js';
import { Merger } from '../../../src/pcap/merger.js';
import type { CaptureReport } from '../../../src/pcap/report-types.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import { arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { expectSameBytes } from '../../support/compare.js';
import {
  headerOf,
  plansAt,
  push,
  reportOptions,
  scanChunk,
  scanModule,
  scanOptions,
  scanWhole,
} from '../../support/engine.js';
import { holds } from '../../support/property.js';

/** The first chunk is scanned into the table of the merger, some are merged, and one scan does the rest. */
function reportOf(bytes: Uint8Array, cuts: readonly number[], merged: number, options: ScanOptions): CaptureReport {
  const plans = plansAt(headerOf(bytes), cuts);
  const first = new ChunkScanner(scanModule, plans[0], options);
  push(first, bytes, 0);
  const merger = new Merger(scanModule, plans, options, first.handOver());
  for (const plan of plans.slice(1, 1 + merged)) merger.offer(scanChunk(bytes, plan, options));
  if (merger.next() === 'complete') return merger.finish(reportOptions);
  const from = merger.provenBytes;
  const rest = merger.scanOn();
  push(rest, bytes, from);
  return rest.report(reportOptions);
}

const sound = fc.oneof(arbitrary.classic(60), arbitraryPcapng(80));
const capture = fc.oneof(sound, arbitrary.mutated(sound));
const places = fc.array(arbitrary.share, { minLength: 1, maxLength: 6 });

test('a merge that is given up at any chunk, the first one counted in place, gives the answer of one scan', () => {
  holds(
    fc.tuple(
      capture,
      places,
      fc.nat({ max: 6 }),
      fc.constantFrom(null, null, null, null, null, null, null, '10000000'),
    ),
    ([{ bytes }, shares, merged, intervalNs]) => {
      const cuts = [...new Set(shares.map((share) => Math.floor(share * bytes.length)))].filter((cut) => cut > 0);
      const options = { ...scanOptions, intervalNs };
      const report = reportOf(
        bytes,
        cuts.sort((x, y) => x - y),
        merged,
        options,
      );
      expectSameBytes(report, scanWhole(bytes, options));
    },
    300,
  );
});

test('a first chunk that is told to go on gives the answer of one scan', () => {
  holds(
    fc.tuple(capture, arbitrary.share, arbitrary.share),
    ([{ bytes }, end, when]) => {
      const header = headerOf(bytes);
      const [plan] = plansAt(header, [Math.max(1, Math.floor(end * bytes.length))]);
      const scanner = new ChunkScanner(scanModule, plan, scanOptions);
      const poured = push(scanner, bytes.subarray(0, Math.ceil(when * bytes.length)), 0);
      scanner.goOn();
      push(scanner, bytes, poured);
      expectSameBytes(scanner.report(reportOptions), scanWhole(bytes));
    },
    300,
  );
});
