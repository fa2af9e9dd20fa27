import { clientKindsOf, doubtJobsMax, kindPrefixesOf, Opening, type Step } from '../../../src/lb/opening.js';

const digitsMax = 5;

function opening(kinds: readonly number[] = [1, 2]): Opening {
  const clientKinds = clientKindsOf(kinds.map((number) => ({ number })));
  return new Opening(clientKinds, kindPrefixesOf(clientKinds), digitsMax);
}

/** What each byte of the text means, up to the one that decides. */
function steps(text: string, of = opening()): string[] {
  const told: string[] = [];
  for (const byte of Buffer.from(text, 'latin1')) {
    const step: Step = of.step(byte);
    told.push(step === 'job' ? `job ${of.job}` : step === 'foreign' ? `foreign ${of.protocol}` : step);
    if (step === 'lines' || step === 'records' || step === 'foreign') break;
  }
  return told;
}

const last = (text: string, of = opening()): string => steps(text, of).at(-1)!;

describe('the kinds that clients may ask for', () => {
  test('stand at their numbers', () => {
    expect([...clientKindsOf([{ number: 3 }, { number: 1 }])]).toEqual([0, 1, 0, 1]);
    expect([...clientKindsOf([])]).toEqual([0]);
  });

  test('of two digits and more begin with these numbers', () => {
    expect([...kindPrefixesOf(clientKindsOf([{ number: 1 }, { number: 123 }, { number: 45 }]))].sort()).toEqual([
      ...[1, 12, 123, 4, 45],
    ]);
    expect([...kindPrefixesOf(clientKindsOf([{ number: 9 }, { number: 10 }]))].sort()).toEqual([1, 10]);
    expect(kindPrefixesOf(clientKindsOf([{ number: 9 }])).size).toBe(0);
  });
});

describe('the framing of a connection', () => {
  test.each([
    ['1', ['job 1']],
    ['12', ['job 1', 'records']],
    ['1 2', ['job 1', 'passed', 'job 2']],
    ['1\t,2', ['job 1', 'passed', 'passed', 'job 2']],
    ['1\n', ['job 1', 'lines']],
    ['\n', ['lines']],
    [' 1', ['passed', 'job 1']],
    ['1 2\n', ['job 1', 'passed', 'job 2', 'passed']],
    ['1 2\n1', ['job 1', 'passed', 'job 2', 'passed', 'lines']],
    ['1 2\n \n1', ['job 1', 'passed', 'job 2', 'passed', 'passed', 'passed', 'lines']],
    ['3 1', ['held', 'job 3', 'job 1']],
    ['3\n', ['held', 'lines']],
    ['1 3\n2', ['job 1', 'passed', 'held', 'job 3', 'lines']],
    ['34 ', ['held', 'held', 'lines']],
    ['3x', ['held', 'lines']],
    ['3\x02', ['held', 'records']],
    ['\x01', ['records']],
    ['\x1f', ['records']],
    ['!', ['lines']],
    ['0 1', ['held', 'job 0', 'job 1']],
  ])('%j means %j', (text, told) => {
    expect(steps(text)).toEqual(told);
  });

  test.each([
    ['12 ', ['held', 'held', 'lines']],
    ['1 2', ['held', 'job 1', 'job 2']],
    ['13', ['held', 'records']],
    ['121', ['held', 'held', 'records']],
    ['1\x02', ['held', 'records']],
    ['1x', ['held', 'records']],
    ['2', ['job 2']],
  ])('where 12 is a kind as well, %j means %j', (text, told) => {
    expect(steps(text, opening([1, 2, 12]))).toEqual(told);
  });

  test('where 123 is a kind and 12 is none, 12 is two records', () => {
    expect(steps('12 ', opening([1, 2, 123]))).toEqual(['held', 'held', 'records']);
    expect(steps('123 ', opening([1, 2, 123]))).toEqual(['held', 'held', 'held', 'lines']);
  });

  test('a byte of 128 and more is a record where it is a kind', () => {
    expect(last('\x90')).toBe('lines');
    expect(last('\x90', opening([1, 0x90]))).toBe('records');
    expect(last(' a', opening([1, 0x61]))).toBe('records');
  });

  test(`a number of ${digitsMax} digits is held, and one of more is text`, () => {
    expect(steps('34567')).toEqual(new Array(5).fill('held'));
    expect(steps('345678')).toEqual([...new Array<string>(5).fill('held'), 'lines']);
  });

  test.each([
    ['kinds', '1 ', ['job 1', 'lines']],
    ['other numbers', '3 ', ['held', 'job 3', 'held', 'lines']],
  ])(`after ${doubtJobsMax} jobs that are %s, who sends blanks sends lines`, (_what, job, told) => {
    const of = opening();
    for (const byte of Buffer.from(job.repeat(doubtJobsMax - 1)))
      expect(['job', 'held', 'passed']).toContain(of.step(byte));
    expect(steps(job.repeat(2), of)).toEqual(told);
  });

  test.each([
    ['GET / HTTP/1.1', 'foreign http'],
    ['PROXY TCP4', 'foreign proxy-header'],
    ['\x16\x03\x01', 'foreign tls'],
    ['GETTIME', 'lines'],
    ['GET_TIME', 'lines'],
    ['\r\n', 'lines'],
    ['\r1', 'job 1'],
    ['\r\n\r\nQ', 'lines'],
    ['\x16\x01', 'records'],
  ])('%j ends as %s', (text, told) => {
    const end = last(text);
    expect(end === 'held' ? opening().end() : end).toBe(told);
  });
});

describe('what is held when nothing follows', () => {
  const held = (text: string, kinds?: readonly number[]): Opening => {
    const of = opening(kinds);
    for (const byte of Buffer.from(text, 'latin1')) of.step(byte);
    return of;
  };

  test.each([
    ['', false, false],
    ['1', false, false],
    ['3', true, true],
    ['GE', true, false],
    ['\x16', true, true],
    ['\r', false, false],
  ])('of %j: the sender owes more %s, may be records %s', (text, unfinished, mayBeRecords) => {
    const of = held(text);
    expect([of.unfinished, of.mayBeRecords]).toEqual([unfinished, mayBeRecords]);
  });

  test('text that is a kind may be a record', () => {
    expect(held('G', [1, 0x47]).mayBeRecords).toBe(true);
    expect(held('G', [1, 0x47]).end()).toBe('records');
    expect(held('G').end()).toBe('lines');
    expect(held('\x16').end()).toBe('records');
  });

  test('a number is one of lines, unless it begins with a kind and is none', () => {
    expect(held('34').end()).toBe('lines');
    expect(held('12', [1, 2, 12]).end()).toBe('lines');
    expect(held('12', [1, 2, 123]).end()).toBe('records');
  });
});
