import { Watchdog, type Signs } from '../../../../src/worker/threads/watchdog.js';

const signs = (changes: Partial<Signs> = {}): Signs => ({
  batch: 1,
  answered: 0,
  progress: 0,
  unwanted: false,
  ...changes,
});

/** Looks once a second, with a time-out of 5 s and a grace of 2 s, and says when the thread must end and why. */
function firstOverrun(seen: readonly (Signs | null)[], lateSeconds = 0): [number, string] | null {
  const dog = new Watchdog();
  for (const [second, each] of seen.entries()) {
    const overrun = dog.look(each, second, lateSeconds, 5, 2);
    if (overrun !== null) return [second, overrun];
  }
  return null;
}

const seconds = <T>(count: number, of: (second: number) => T): T[] => Array.from({ length: count }, (_, at) => of(at));

test.each<[string, (Signs | null)[], [number, string] | null]>([
  ['a job without a sign of life', seconds(20, () => signs()), [6, 'TIMED_OUT']],
  ['a job that tells of its progress', seconds(20, (second) => signs({ progress: second })), null],
  ['a batch whose jobs are answered one by one', seconds(20, (second) => signs({ answered: second })), null],
  ['one batch after another', seconds(20, (second) => signs({ batch: second })), null],
  ['a thread that runs nothing', seconds(20, () => null), null],
  ['a pause between two jobs', [...seconds(5, () => signs()), null, ...seconds(5, () => signs())], null],
  ['a job that nobody wants any more', seconds(20, (second) => signs({ unwanted: second > 0 })), [4, 'UNWANTED']],
  [
    'one that tells of its progress all the same',
    seconds(20, (second) => signs({ unwanted: true, progress: second })),
    [3, 'UNWANTED'],
  ],
  ['a job that stops in time', [...seconds(3, () => signs({ unwanted: true })), signs({ batch: 2 })], null],
])('%s', (_what, seen, expected) => {
  expect(firstOverrun(seen)).toEqual(expected);
});

test('time for which the process itself stood still is not counted', () => {
  expect(
    firstOverrun(
      seconds(20, () => signs()),
      1,
    ),
  ).toBeNull();
});
