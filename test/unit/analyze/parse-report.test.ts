import { parseReport } from '../../../src/analyze/parse-report.js';
import { toCanonicalJson } from '../../../src/pcap/rows/json-pieces.js';
import { sampleEntry } from '../../support/sample-entry.js';

test('an entry that a master wrote is printed again with the same bytes', () => {
  const { file, ...report } = sampleEntry({
    original_bytes: 2n ** 63n,
    captured_bytes: Number.MAX_SAFE_INTEGER,
    error_detail: 'has "quotes", 12345678901234567890 and \\ back slashes\n  "packets": 12345678901234567890,',
  });
  const json = toCanonicalJson({ file: '/spool/1', ...report });
  expect(toCanonicalJson({ file, ...parseReport(json) })).toBe(toCanonicalJson({ file, ...report }));
});

test('the report of a master that does not count tunnels has none', () => {
  const { tunnels: _later, ...report } = sampleEntry();
  expect(parseReport(toCanonicalJson(report))).toMatchObject({ tunnels: [] });
});

test('integers past 2^53 are exact', () => {
  const parsed = parseReport(toCanonicalJson({ a: 2n ** 53n + 1n, b: [2n ** 60n], c: '9007199254740993', d: 7 }));
  expect(parsed).toEqual({ a: 9007199254740993n, b: [2n ** 60n], c: '9007199254740993', d: 7 });
});
