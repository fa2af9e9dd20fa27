import { createHash } from 'node:crypto';
import { AuditSample, judge } from '../../../../src/hub/audit/decisions.js';
import { seededRandom } from '../../../../src/hub/picking/seeded-random.js';
import { minedSeconds, sameAnswer } from '../../../../src/kinds/audit.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const same = sameAnswer(100);

/** MINE_BITCOIN of a second, by another implementation. */
function mined(second: number): string {
  let digest = Buffer.from(String(second));
  for (let round = 0; round < 256; round++) digest = createHash('sha256').update(digest).digest();
  return digest.toString('hex');
}

test.each([
  ['one answer', 'a', [], { verdict: 'ask-another' }],
  ['two that agree', 'a', ['a'], { verdict: 'agreed' }],
  ['two that do not', 'a', ['b'], { verdict: 'ask-another' }],
  ['a lie, and two that agree', 'a', ['b', 'b'], { verdict: 'lie', liar: 0, answer: bytes('b') }],
  ['a lying check', 'a', ['b', 'a'], { verdict: 'lie', liar: 1, answer: bytes('a') }],
  ['three that all differ', 'a', ['b', 'c'], { verdict: 'unresolved' }],
])('%s', (_what, answer, checks, verdict) => {
  expect(judge(same, bytes(answer), checks.map(bytes))).toEqual(verdict);
});

describe('an audit of MINE_BITCOIN', () => {
  const check = bytes([99, 100, 101].map(mined).join(''));

  test('asks for the seconds in which the job can have run, and one more each way for the clocks', () => {
    const range = minedSeconds.checkPayload(null, 100_900, 101_100);
    expect(Buffer.from(range as Uint8Array).toString()).toBe('99-102');
    const long = minedSeconds.checkPayload(null, 100_900, 1_000_000);
    expect(Buffer.from(long as Uint8Array).toString()).toBe('938-1001');
  });

  test.each([
    [mined(100), true],
    [mined(98), false],
    [mined(100).replace(/^./, 'z'), false],
    [mined(99).slice(2) + mined(100).slice(0, 2), false],
    ['', false],
  ])('takes the answer of one of them and no other', (answer, right) => {
    expect(minedSeconds.bearsOut(check, bytes(answer))).toBe(right);
  });

  test('knows the right answer', () => {
    expect(Buffer.from(minedSeconds.answerOf(check)).toString()).toBe(mined(100));
  });
});

describe('the sample', () => {
  const chosen = (share: number, seed: number): number[] => {
    const sample = new AuditSample(share, seededRandom(seed));
    return Array.from({ length: 100_000 }, (_, at) => at).filter(() => sample.due());
  };

  test('is the share asked for, the same for a seed and another for another', () => {
    expect(chosen(0.01, 1).length).toBeGreaterThan(900);
    expect(chosen(0.01, 1).length).toBeLessThan(1100);
    expect(chosen(0.01, 1)).toEqual(chosen(0.01, 1));
    expect(chosen(0.01, 1)).not.toEqual(chosen(0.01, 2));
    expect(chosen(1, 1)).toHaveLength(100_000);
  });
});
