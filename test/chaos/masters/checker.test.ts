import { storyOf } from './story.js';
import { check, type ChunkEvent, type Evidence, type RecordVersion } from './checker.js';
import { scheduleOf, storeFaults } from './schedule.js';

const version = (atMs: number, attempt: number, state: string, ...keys: string[]): RecordVersion => ({
  ...{ id: 'a', state, attempt, holder: `m${attempt}`, atMs },
  chunks: keys.map((key) => [key, `a/${key}`]),
  result: state === 'done' ? `a/${attempt}` : '',
});

const event = (atMs: number, attempt: number, what: ChunkEvent['what'], chunk: string): ChunkEvent => ({
  ...{ id: 'a', attempt, what, chunk, master: `m${attempt}`, atMs },
});

/** One chunk finished by a first master, which then is lost; the second one takes it over and does the other. */
const good: Evidence = {
  versions: [
    version(0, 0, 'queued'),
    version(10, 1, 'running'),
    version(30, 1, 'running', 'x'),
    version(50, 2, 'running', 'x'),
    version(70, 2, 'running', 'x', 'y'),
    version(80, 2, 'done'),
  ],
  events: [
    event(11, 1, 'given', 'x'),
    event(20, 1, 'answered', 'x'),
    event(21, 1, 'given', 'y'),
    event(40, 1, 'answered', 'y'),
    event(51, 2, 'taken over', 'x'),
    event(52, 2, 'given', 'y'),
    event(60, 2, 'answered', 'y'),
  ],
  results: [{ id: 'a', expected: 'r', answers: ['r', 'r'] }],
};

const withEvents = (...events: ChunkEvent[]): readonly string[] =>
  check({ ...good, events: [...good.events, ...events] }).violations;

const withVersions = (...versions: RecordVersion[]): readonly string[] =>
  check({ ...good, versions: [...good.versions, ...versions] }).violations;

test('what is lost with a master may be scanned again, and is counted', () => {
  const { violations, chunks, exact, outcomes, resumed } = check(good);
  expect(violations).toEqual([]);
  expect({ exact, outcomes, resumed }).toEqual({ exact: 1, outcomes: 1, resumed: 1 });
  expect(chunks).toEqual({
    ...{
      chunks: 2,
      given: 3,
      besides: 0,
      finishedAgain: 0,
      lostAtNats: 0,
      lostWithMaster: 1,
      unfinished: 0,
      takenOver: 1,
    },
  });
});

test('a chunk that nobody answered is given again without being a violation', () => {
  expect(check({ ...good, events: [event(11, 1, 'given', 'x'), event(12, 1, 'given', 'x')] }).chunks).toMatchObject({
    unfinished: 1,
    given: 2,
  });
});

test('a finished chunk that is given out again is a violation', () => {
  expect(withEvents(event(55, 2, 'given', 'x'))).toEqual([
    'analysis a: take 2 at m2 gave out chunk x, which was finished',
  ]);
});

test('a chunk whose answer its master has is not given out again', () => {
  expect(withEvents(event(65, 2, 'given', 'y'))).toEqual([
    'analysis a: take 2 at m2 gave out chunk y, which it had the answer of',
  ]);
});

test('a master that cannot know of its loss may give out what another one finished; one that knows may not', () => {
  expect(check({ ...good, events: [...good.events, event(75, 1, 'given', 'y')] })).toMatchObject({
    violations: [],
    chunks: { besides: 1 },
  });
  expect(withEvents(event(53, 1, 'lease lost', ''), event(75, 1, 'given', 'y'))).toHaveLength(1);
});

test('a finished chunk that NATS lost may be scanned again, one that a master removed may not', () => {
  const damaged = [event(51, 2, 'damaged', 'x'), event(52, 2, 'given', 'x')];
  expect(check({ ...good, events: [...good.events, ...damaged] })).toMatchObject({
    violations: [],
    chunks: { lostAtNats: 1, finishedAgain: 0 },
  });
  expect(withEvents(event(40, 0, 'removed', ''), ...damaged)).toEqual([
    'analysis a: take 2 could not read the finished chunk x, which masters had removed',
    'analysis a: take 2 at m2 gave out chunk x, which was finished',
  ]);
});

test('a second outcome, a write after the end, and a late master that writes are violations', () => {
  expect(withVersions(version(90, 2, 'failed'))).toContain('analysis a: 2 outcomes were written');
  expect(withVersions(version(90, 3, 'done'))).toEqual(['analysis a: 2 outcomes were written']);
  expect(withVersions(version(90, 2, 'done'))).toEqual([]);
  expect(withVersions(version(90, 2, 'running'))).toEqual(['analysis a: written after its end']);
  const late = [...good.versions];
  late.splice(4, 0, version(60, 1, 'running', 'x'));
  expect(check({ ...good, versions: late }).violations).toEqual(['analysis a: take 1 wrote after take 2']);
});

test('finished chunks that a write drops or replaces are a violation', () => {
  const dropped = [...good.versions];
  dropped[4] = version(70, 2, 'running', 'y');
  expect(check({ ...good, versions: dropped }).violations).toContain('analysis a: take 2 dropped 1 finished chunks');
});

test('a result that differs, is missing, or of an analysis that nobody knows is a violation', () => {
  const results = (answers: string[], id = 'a'): readonly string[] =>
    check({ ...good, results: [{ id, expected: 'r', answers }] }).violations;
  expect(results(['r', 'other'])).toEqual(["analysis a: 1 of 2 results differ from one core's"]);
  expect(results([])).toEqual(['analysis a: no client got a result']);
  expect(results(['r'], 'b')).toEqual(['analysis b: was accepted and is not in the ledger']);
});

test('a seed repeats its faults, another one makes others, and each process is met in each way', () => {
  const counts = { nats: 3, master: 3, worker: 5 };
  const first = (seed: number, count: number): string[] => {
    const schedule = scheduleOf({ seed, counts, everySeconds: 3, lastsSeconds: 2, harms: ['kill', 'cut'] });
    return Array.from({ length: count }, () => {
      const { atSeconds, part, number, harm } = schedule.next().value;
      return `${atSeconds} ${part} ${number} ${harm}`;
    });
  };
  expect(first(7, 20)).toEqual(first(7, 20));
  expect(first(7, 20)).not.toEqual(first(8, 20));
  expect(first(7, 3).map((words) => words.split(' ')[0])).toEqual(['0', '3', '6']);
  expect(new Set(first(7, 500).map((words) => words.replace(/^\S+ /, ''))).size).toBe(22);
});

test('a seed repeats its faults of stores, and each comes once before any comes again', () => {
  const counts = { nats: 3, master: 2, worker: 1 };
  const first = (seed: number, count: number): string[] => {
    const faults = storeFaults(seed, counts);
    return Array.from({ length: count }, () => {
      const { harm, number, goneSeconds } = faults.next().value;
      expect(goneSeconds).toBeLessThan(2.3);
      return `${harm} ${number}`;
    });
  };
  expect(first(7, 30)).toEqual(first(7, 30));
  expect(first(7, 11)).not.toEqual(first(8, 11));
  expect(new Set(first(7, 11)).size).toBe(11);
});

test('the story of an analysis tells in the order of time who did what, like lines in a row as one', () => {
  const fact = { id: 'a', attempt: 1, master: 'm1' };
  const written = { id: 'a', attempt: 1, holder: 'h', result: '' };
  expect(
    storyOf(
      'a',
      [
        { ...written, state: 'done', chunks: [], atMs: 5000 },
        { ...written, id: 'b', state: 'done', chunks: [], atMs: 1 },
      ],
      [
        { ...fact, what: 'given', chunk: '2', atMs: 2500 },
        { ...fact, what: 'given', chunk: '1', atMs: 1000 },
        { ...fact, what: 'answered', chunk: '1', atMs: 3000 },
      ],
    ),
  ).toEqual([
    '   0.00 s  take 1 at m1: given 2 times, last 2',
    '   2.00 s  take 1 at m1: answered 1',
    '   4.00 s  take 1 of h wrote done 0 finished',
  ]);
});
