import fc from 'fast-check';

import { knowingFirst } from '../../../src/pcap/first-time.js';
import { firstTime } from '../../../src/pcap/head-reader.js';
import { JoinScanner } from '../../../src/pcap/join-scanner.js';
import type { CaptureFacts } from '../../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import type { ScanOptions } from '../../../src/pcap/types.js';
import { arbitrary, arbitraryPcapng } from '../../support/capture-builder.js';
import { cutCapture } from '../../support/cut-capture.js';
import { reportOptions, scanModule, scanOptions, scanWhole } from '../../support/engine.js';
import { holds } from '../../support/property.js';

const capture = fc.oneof(arbitrary.classic(), arbitraryPcapng());

/** What the caller of a joined scan says from its files, or one file alone has. */
const ofFiles = [
  ...['format', 'byte_order', 'sections', 'interfaces', 'truncated', 'truncated_offset', 'truncated_claimed'],
  ...['truncated_held', 'error', 'error_detail', 'error_offset', 'times_in_order', 'capture_statistics'],
];

function content(facts: CaptureFacts): string {
  return toCanonicalJson(Object.fromEntries(Object.entries(facts).filter(([name]) => !ofFiles.includes(name))));
}

/** Puts files into a scanner, in portions, and answers with the packets of each. */
function put(scanner: JoinScanner, files: readonly Uint8Array[]): number[] {
  return files.map((bytes) => {
    scanner.begin();
    for (let at = 0; at < bytes.length && !scanner.done;) {
      const portion = bytes.subarray(at, at + Math.min(scanner.space().length, 977));
      scanner.space().set(portion);
      scanner.filled(portion.length);
      at += portion.length;
    }
    return scanner.endPart().packets;
  });
}

test('however a capture is cut into files, in whatever order and on however many threads, nothing is lost or doubled', () => {
  holds(
    fc.record({ capture, packets: fc.integer({ min: 1, max: 9 }), turn: fc.nat({ max: 50 }), full: fc.boolean() }),
    ({ capture: { bytes }, packets, turn, full }) => {
      const asked: ScanOptions = { ...scanOptions, ...(full ? { conversationsMax: 3 } : {}) };
      const whole = scanWhole(bytes, asked, undefined, reportOptions);
      const options = knowingFirst(asked, firstTime(scanModule, bytes));
      if (whole.error !== null) return;
      const files = cutCapture(bytes, packets);
      const turned = [...files.slice(turn % files.length), ...files.slice(0, turn % files.length)];
      const one = new JoinScanner(scanModule, options);
      const counts = put(one, turned);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(whole.packets);
      const sum = new JoinScanner(scanModule, options);
      for (const share of [turned.slice(0, turn % 7), turned.slice(turn % 7)]) {
        const other = new JoinScanner(scanModule, options);
        put(other, share);
        sum.add(other.partial());
      }
      expect(content(one.report(reportOptions))).toBe(content(whole));
      expect(content(sum.report(reportOptions))).toBe(content(whole));
    },
    300,
  );
});
