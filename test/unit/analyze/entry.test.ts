import { complaintOf, complaintsMax, complaintsOf, exitCodeOf, type Entry } from '../../../src/analyze/entry.js';
import type { JoinedFailure } from '../../../src/pcap/report-types.js';
import { sampleEntry } from '../../support/sample-entry.js';

const sound = sampleEntry();
const cut = sampleEntry({ truncated: true, truncated_offset: 430 });
const damaged = sampleEntry({ error: 'damaged', error_detail: 'record at offset 430 claims 2147483647 bytes' });
const missing: Entry = { file: 'b', error: 'unreadable', error_detail: 'b: no such file' };
const foreign: Entry = { file: 'c', error: 'not-a-capture', error_detail: 'unknown magic' };
const changed: Entry = { file: 'd', error: 'changed', error_detail: 'd: changed while it was read' };

test.each<[string, Entry[], number]>([
  ['all sound', [sound, sound], 0],
  ['one cut', [sound, cut], 1],
  ['one damaged', [damaged], 1],
  ['one of two missing', [sound, missing], 1],
  ['one of two no capture', [foreign, sound], 1],
  ['the only one missing', [missing], 2],
  ['the only one no capture', [foreign], 2],
  ['none readable', [missing, foreign], 2],
  ['the only one changed while read', [changed], 1],
  ['a file of a joined capture missing', [sampleEntry({ files: [missing as JoinedFailure] })], 1],
  ['no file of a joined capture readable', [{ ...missing, files: [missing as JoinedFailure] }], 2],
])('exit code with %s', (_name, entries, code) => {
  expect(exitCodeOf(entries)).toBe(code);
});

test.each<[Entry, string | null]>([
  [sound, null],
  [cut, 'a.pcap: cut short in the record at offset 430; complete records are counted'],
  [
    sampleEntry({ truncated: true, truncated_offset: 140, truncated_claimed: 4_294_967_292, truncated_held: 92 }),
    'a.pcap: cut short in the record at offset 140, which claims 4294967292 bytes where 92 are left; complete records are counted',
  ],
  [sampleEntry({ truncated: true }), 'a.pcap: cut short; complete records are counted'],
  [damaged, 'a.pcap: damaged: record at offset 430 claims 2147483647 bytes; counts are those before it'],
  [missing, 'b: no such file'],
  [foreign, 'c: not a capture: unknown magic'],
])('what is said of a file', (entry, line) => {
  expect(complaintOf(entry)).toBe(line);
});

test('a joined capture has a line for each file that is not all well, and no more than a screen of them', () => {
  const failure = (i: number): JoinedFailure => ({
    file: `f${i}`,
    error: 'unreadable',
    error_detail: `f${i}: no such file`,
  });
  const failures = Array.from({ length: complaintsMax + 5 }, (_, i) => failure(i));
  expect(complaintsOf(sampleEntry({ files: failures.slice(0, 2) }))).toEqual(['f0: no such file', 'f1: no such file']);
  const lines = complaintsOf(sampleEntry({ files: failures }));
  expect(lines).toHaveLength(complaintsMax + 1);
  expect(lines[complaintsMax]).toBe('a.pcap: 5 more files are not all well');
  expect(complaintsOf({ ...missing, files: [], file: 'ring' })).toEqual(['ring: b: no such file']);
  expect(complaintsOf(sound)).toEqual([]);
});
