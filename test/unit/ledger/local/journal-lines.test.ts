import type { Values, Writes } from '../../../../src/ledger/local/content-sum.js';
import { headLines, readJournal, writeLine } from '../../../../src/ledger/local/journal-lines.js';

const start = new Map([
  ['form', '2'],
  ['analysis:1', '{"name":"ä\\n"}'],
]);
const writes: readonly Writes[] = [
  new Map([['analysis:2', 'two']]),
  new Map<string, string | null>([
    ['analysis:1', null],
    ['analysis:3', 'three'],
  ]),
  new Map(),
  new Map([['analysis:2', 'two again']]),
];
const whole = Buffer.from(
  headLines(start, 7, 1_000) + writes.map((each, i) => writeLine(each, 8 + i, 2_000 + i)).join(''),
);
/** What the values were after each write, by its number. */
const after = new Map<number, Values>();
{
  const values = new Map<string, string>(start);
  after.set(7, new Map(values));
  for (const [i, each] of writes.entries()) {
    for (const [key, value] of each) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    }
    after.set(8 + i, new Map(values));
  }
}

test('a journal reads as it was written', () => {
  expect(readJournal(whole)).toEqual({
    values: after.get(11),
    seq: 11,
    atMs: 2_003,
    soundBytes: whole.length,
    damage: null,
  });
});

test('cut off at any byte it reads as it was after some write, and a cut that a kill makes is no damage', () => {
  for (let length = 0; length < whole.length; length++) {
    const read = readJournal(whole.subarray(0, length));
    if (length < Buffer.byteLength(headLines(start, 7, 1_000))) expect(read).toBeNull();
    else {
      expect(read).toMatchObject({ values: after.get(read?.seq ?? -1), damage: null });
      expect(whole.subarray(0, read?.soundBytes).toString()).toMatch(/\n$/);
    }
  }
});

test('any bit that is wrong shows, and what is before it is believed', () => {
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const bytes = Buffer.from(whole);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    const read = readJournal(bytes);
    if (read === null) continue;
    expect(read.values).toEqual(after.get(read.seq));
    // The last line feed is the one thing whose loss looks like a kill.
    if (bit >> 3 !== whole.length - 1) expect({ bit, damage: read.damage }).not.toEqual({ bit, damage: null });
    expect(read.seq).toBeLessThan(11);
  }
});

test('a line that is gone shows, and so does one that is there twice', () => {
  const lines = whole.toString().trimEnd().split('\n');
  const of = (chosen: readonly string[]): Buffer => Buffer.from(`${chosen.join('\n')}\n`);
  expect(readJournal(of(lines.filter((_, i) => i !== 4)))).toMatchObject({
    seq: 8,
    damage: 'write 10 follows write 8',
  });
  expect(readJournal(of([...lines, lines[6]]))).toMatchObject({ seq: 11, damage: 'write 11 follows write 11' });
  expect(readJournal(of(lines.filter((_, i) => i !== 1)))).toBeNull();
});
