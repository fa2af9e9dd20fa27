import { sumAfter, sumOf } from '../../../../src/ledger/local/content-sum.js';
import { judge, type FoundCopies, type FoundLevel } from '../../../../src/ledger/local/copies.js';
import type { JournalContents } from '../../../../src/ledger/local/journal-lines.js';

const values = (seq: number): Map<string, string> =>
  new Map(Array.from({ length: seq }, (_, i) => [`key${i}`, `value ${i}`]));
const level = (seq: number, changes: Partial<FoundLevel> = {}): FoundLevel => ({
  values: values(seq),
  head: { ...sumOf(values(seq)), seq, atMs: seq },
  damage: null,
  ...changes,
});
const journal = (seq: number, damage: string | null = null): JournalContents => ({
  values: values(seq),
  seq,
  atMs: seq,
  soundBytes: seq,
  damage,
});
const judged = (found: Partial<FoundCopies>): ReturnType<typeof judge> =>
  judge({ level: level(5), journal: journal(5), witnessSeq: 5, ...found });
const halved = level(5, { values: values(3) });

test('two sound copies say nothing, and neither is made anew', () => {
  expect(judged({})).toMatchObject({
    seq: 5,
    values: values(5),
    rebuild: { level: false, journal: false },
    repaired: [],
    lost: [],
  });
});

test.each<[string, Partial<FoundCopies>, number]>([
  ['in the journal alone', { journal: journal(6) }, 6],
  ['in LevelDB alone', { level: level(6) }, 6],
  ['in both, and not seen by the witness', { level: level(6), journal: journal(6) }, 6],
])('the write that was under way at a kill counts when it is %s, without a word', (_where, found, seq) => {
  expect(judged(found)).toMatchObject({ seq, values: values(seq), repaired: [], lost: [] });
});

test.each<[string, Partial<FoundCopies>, RegExp]>([
  ['LevelDB that is gone', { level: null }, /db is missing/],
  ['LevelDB that cannot be read', { level: level(5, { damage: 'bad block' }) }, /db is damaged: bad block/],
  ['LevelDB without its head', { level: level(5, { head: null }) }, /does not say what it holds/],
  ['LevelDB that left something out', { level: halved }, /holds 5 values, and holds 3/],
  ['LevelDB that lost its end', { level: level(2) }, /db lacks its last 3 writes/],
  ['a journal that is gone', { journal: null }, /journal is missing/],
  ['a journal without its start', { journal: 'damaged' }, /the start of journal cannot be read/],
  ['a journal that is damaged in its midst', { journal: journal(3, 'line 4') }, /journal is damaged: line 4/],
  ['a journal that lost its end', { journal: journal(3) }, /journal lacks its last 2 writes/],
])('%s is repaired from the other copy, and told', (_what, found, words) => {
  const result = judged(found);
  expect(result).toMatchObject({ seq: 5, values: values(5), lost: [], repaired: [expect.stringMatching(words)] });
  if (typeof result !== 'string') expect(result.rebuild.level || result.rebuild.journal).toBe(true);
});

test('what both copies lost at their ends is told by the witness', () => {
  expect(judged({ level: level(3), journal: journal(4) })).toMatchObject({ seq: 4, lost: ['the writes from 5 to 5'] });
});

test.each<[string, Partial<FoundCopies>]>([
  ['both copies are damaged', { level: halved, journal: 'damaged' }],
  ['one is gone and the other damaged', { level: null, journal: 'damaged' }],
  ['both are gone, and the witness saw writes', { level: null, journal: null }],
  ['one is damaged and the other lacks writes that the witness saw', { level: level(3), journal: 'damaged' }],
  ['LevelDB is damaged and the journal lacks writes', { level: halved, journal: journal(3) }],
])('a start is refused when %s', (_what, found) => {
  expect(typeof judged(found)).toBe('string');
});

test('with one copy and no witness nobody can tell whether it is whole, and that is told', () => {
  expect(judged({ journal: null, witnessSeq: null })).toMatchObject({
    seq: 5,
    lost: ['what was written after write 5, if anything was'],
  });
});

test('an empty folder is fresh, whether or not a kill left half of it', () => {
  for (const found of [{ level: null, journal: null }, { level: null, journal: journal(0) }, { level: level(0) }])
    expect(judge({ journal: null, witnessSeq: null, ...found } as FoundCopies)).toMatchObject({
      seq: 0,
      repaired: [],
      lost: [],
    });
});

test('a sum is the same whether it is kept or made anew, and another one for other values', () => {
  const before = values(9);
  const writes = new Map<string, string | null>([
    ['key3', null],
    ['key4', 'other'],
    ['key9', 'new'],
    ['nothing', null],
  ]);
  const now = new Map(before);
  for (const [key, value] of writes) {
    if (value === null) now.delete(key);
    else now.set(key, value);
  }
  expect(sumAfter(sumOf(before), before, writes)).toEqual(sumOf(now));
  expect(sumOf(now)).not.toEqual(sumOf(before));
  expect(sumOf(new Map([['a', 'bc']]))).not.toEqual(sumOf(new Map([['ab', 'c']])));
});
