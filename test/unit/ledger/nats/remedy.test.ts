import { lossBetween } from '../../../../src/ledger/nats/nats-store.js';
import { RecentResults, recentResultsBytesMax, recentResultsMs } from '../../../../src/ledger/nats/recent-results.js';
import { settleMs } from '../../../../src/ledger/nats/lease-times.js';
import { remedyOf, type RemedyFacts } from '../../../../src/ledger/nats/remedy.js';
import { submitted } from '../../../../src/ledger/transitions.js';
import type { AnalysisRecord, AnalysisState } from '../../../../src/ledger/types.js';
import { newAnalysis } from '../../../support/ledger-conformance.js';

const record = (state: AnalysisState): AnalysisRecord => ({ ...submitted(newAnalysis(), 0), state });
const facts: RemedyFacts = { known: null, at: null, resultThere: false, waitedMs: 0, expired: false };
const states: readonly AnalysisState[] = ['queued', 'running', 'done', 'failed', 'cancelled'];

/** What is done at once, and what when nobody has done anything about it for settleMs. */
const remedies = (known: AnalysisState | null, at: AnalysisState | 'removed' | null, resultThere = false): string[] =>
  [0, settleMs].map((waitedMs) =>
    remedyOf({
      ...{ ...facts, resultThere, waitedMs },
      known: known === null ? null : record(known),
      at: at === null || at === 'removed' ? at : record(at),
    }),
  );

test('what is gone is written again: at once, but after a while where another master may know more', () => {
  expect(remedies('queued', null)).toEqual(['write', 'write']);
  expect(remedies('running', null)).toEqual(['wait', 'write']);
  expect(remedies('done', null, true)).toEqual(['write', 'write']);
  expect(remedies('done', null)).toEqual(['wait', 'write']);
  expect(remedies('failed', null)).toEqual(['write', 'write']);
  expect(remedies('cancelled', null)).toEqual(['write', 'write']);
});

test('an outcome that is known stands against an older record; a result that nobody has is made anew', () => {
  for (const at of ['queued', 'running'] as const) {
    expect(remedies('done', at, true)).toEqual(['write', 'write']);
    expect(remedies('done', at)).toEqual(['wait', 'believe']);
    expect(remedies('failed', at)).toEqual(['write', 'write']);
    expect(remedies('cancelled', at)).toEqual(['write', 'write']);
  }
});

test('NATS is believed about outcomes, about what has not ended, and about what was removed', () => {
  for (const known of states) {
    expect(remedies(known, 'done')).toEqual(['believe', 'believe']);
    expect(remedies(known, 'removed')).toEqual(['forget', 'forget']);
  }
  for (const at of states) expect(remedies(null, at)).toEqual(['believe', 'believe']);
  expect(remedies('running', 'queued')).toEqual(['believe', 'believe']);
  expect(remedies(null, null)).toEqual(['nothing', 'nothing']);
});

test('what is too old to be kept is not written again', () => {
  expect(remedyOf({ ...facts, known: record('failed'), expired: true })).toBe('forget');
});

test('a stream that is another one, or ends sooner than it did, has lost messages', () => {
  const stream = (created: string, lastSeq: number) => new Map([['s', { created, lastSeq }]]);
  expect(lossBetween(stream('a', 5), stream('a', 5))).toBeNull();
  expect(lossBetween(stream('a', 5), stream('a', 6))).toBeNull();
  expect(lossBetween(stream('a', 5), stream('a', 4))).toMatch(/s ends at message 4, and had 5/);
  expect(lossBetween(stream('a', 5), stream('b', 9))).toMatch(/removed and made anew/);
  expect(lossBetween(new Map(), stream('a', 1))).toBeNull();
});

test('recent results are kept for a time, and no more bytes of them than may be', () => {
  const recent = new RecentResults();
  const name = (nowMs: number): string[] => recent.all(nowMs).map((each) => each.name);
  recent.add('a', 'A', Buffer.alloc(1), 0);
  recent.add('b', 'B', Buffer.alloc(1), 1000);
  expect(name(recentResultsMs)).toEqual(['A', 'B']);
  expect(name(recentResultsMs + 1)).toEqual(['B']);
  expect(recent.get('a')).toBeNull();
  recent.add('c', 'C', Buffer.alloc(recentResultsBytesMax / 2), 2000);
  recent.add('d', 'D', Buffer.alloc(recentResultsBytesMax / 2), 3000);
  expect(name(3000)).toEqual(['C', 'D']);
  recent.add('e', 'E', Buffer.alloc(recentResultsBytesMax + 1), 4000);
  expect(name(4000)).toEqual([]);
});
