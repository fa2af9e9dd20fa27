import {
  expired,
  finishedBytesMax,
  finishedBytesMaxInMemory,
  finishedMax,
  keepMsDefault,
  keepMsMax,
  keepMsMin,
  overdue,
} from '../../../src/ledger/retention.js';
import { ended, submitted, taken } from '../../../src/ledger/transitions.js';
import type { AnalysisRecord } from '../../../src/ledger/types.js';
import { newAnalysis } from '../../support/ledger-conformance.js';

const done = (endedMs: number, bytes: number): AnalysisRecord =>
  ended(
    taken(submitted(newAnalysis(), 0), 'm', 0),
    { state: 'done', result: new Uint8Array(0) },
    { bytes, crc32: 0 },
    endedMs,
  );
const bounds = { keepMs: 1000, finishedMax: 3, finishedBytesMax: 100 };

test('what has not ended is never dropped', () => {
  const records = [submitted(newAnalysis(), 0), taken(submitted(newAnalysis(), 0), 'm', 0)];
  expect(expired(records, bounds, 1e12)).toEqual([]);
});

test('results older than the keep time go', () => {
  const [old, young] = [done(0, 1), done(500, 1)];
  expect(expired([young, old], bounds, 1001)).toEqual([old.id]);
  expect(expired([young, old], bounds, 1000)).toEqual([]);
});

test('of too many the oldest go', () => {
  const records = [1, 2, 3, 4, 5].map((at) => done(at, 1));
  expect(expired(records, bounds, 10).sort()).toEqual([records[0].id, records[1].id].sort());
});

test('of too many bytes the oldest go', () => {
  const records = [done(1, 10), done(2, 60), done(3, 40)];
  expect(expired(records, bounds, 10)).toEqual([records[0].id]);
});

test('one that no master took in all that time is overdue, one that runs is not', () => {
  const [waits, runs] = [submitted(newAnalysis(), 0), taken(submitted(newAnalysis(), 0), 'm', 0)];
  expect(overdue([waits, runs], 1000, 1001)).toEqual([waits.id]);
  expect(overdue([waits, runs], 1000, 1000)).toEqual([]);
  const late = submitted(newAnalysis(), 5000);
  expect(overdue([late], 1000, 5500)).toEqual([]);
});

test('10,000 results are kept, for a day, a second at least and a year at most, in 16 GiB of disk or 64 MiB of memory', () => {
  const day = 24 * 3600 * 1000;
  expect([finishedMax, keepMsMin, keepMsDefault, keepMsMax]).toEqual([10_000, 1000, day, 365 * day]);
  expect([finishedBytesMax, finishedBytesMaxInMemory]).toEqual([17_179_869_184, 67_108_864]);
});
