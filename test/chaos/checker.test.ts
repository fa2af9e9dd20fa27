import { minedBy } from '../../src/client/load/answer-check.js';
import { check, recoverySeconds, type Excuse } from './checker.js';
import { kindOfJob, markerFirst, readEvent, type ClientEvent } from './client-log.js';
import { allFaults } from './faults.js';
import { faultKinds, scheduleOf, settlingSeconds, warmUpSeconds } from './schedule.js';

const second = 1_700_000_000;
const ms = second * 1000;

function checked(lines: readonly string[], excuses: readonly Excuse[] = [], clockStepsSeconds: readonly number[] = []) {
  const events = lines.map((line) => readEvent(line) as ClientEvent);
  return check([events], { excuses, clockStepsSeconds, slowMs: 250, calm: { fromMs: ms, toMs: ms + 1 } });
}

const marker = markerFirst + 2;
const sound = [
  `open a 1 ${ms}`,
  `answer a 1 0 1 ${ms} ${ms + 10} ${second}`,
  `answer a 1 1 2 ${ms} ${ms + 400} ${minedBy(second).toString()}`,
  `answer a 1 2 ${marker} ${ms} ${ms + 10} ERROR unknown job ${marker}`,
  `close a 1 ${ms + 500} 0`,
  `end a ${ms + 500} 3 0`,
];
const excuse = [{ clients: 'a', fromMs: ms, toMs: ms + 1000 }];

describe('what clients wrote down', () => {
  test('passes when every job has its answer', () => {
    const { violations, answers, markers, slow, calmP99Ms } = checked(sound, excuse);
    expect(calmP99Ms).toBe(400);
    expect({ violations, answers, markers }).toEqual({ violations: [], answers: 3, markers: 1 });
    expect(slow).toEqual([{ client: 'a', askedMs: ms, answeredMs: ms + 400 }]);
  });

  const without = (at: number, ...instead: string[]): string[] => sound.toSpliced(at, 1, ...instead);
  test.each<[string, string[], RegExp]>([
    ['an error answer', without(1, `answer a 1 0 1 ${ms} ${ms + 10} ERROR WORKER_LOST: x`), /^error: /],
    ['the time of another hour', without(1, `answer a 1 0 1 ${ms} ${ms + 10} ${second + 3600}`), /^wrong: /],
    [
      'the digest of another second',
      without(2, `answer a 1 1 2 ${ms} ${ms + 9} ${minedBy(second - 9).toString()}`),
      /^wrong: /,
    ],
    ['the answer of another job', without(3, `answer a 1 2 ${marker} ${ms} ${ms + 10} ${second}`), /^disordered: /],
    [
      'a mark where a job was',
      without(1, `answer a 1 0 1 ${ms} ${ms + 10} ERROR unknown job ${marker}`),
      /^disordered: /,
    ],
    ['a second answer', without(2, sound[1]), /^doubled: /],
    ['an answer that nobody asked', without(4, `extra a 1 ${ms} ${second}`), /^doubled: /],
    ['an answer that never came', without(5, `end a ${ms} 3 1`), /^lost: /],
  ])('%s is found', (_name, lines, words) => {
    expect(checked(lines, excuse).violations).toEqual([expect.stringMatching(words)]);
  });

  test('a connection that ends without a cause is found', () => {
    expect(checked(sound).violations).toEqual([expect.stringMatching(/^closed: /)]);
  });

  test('a worker whose clock was stepped may tell its own time', () => {
    const lines = without(1, `answer a 1 0 1 ${ms} ${ms + 10} ${second + 3600}`);
    expect(checked(lines, excuse, [3600]).violations).toEqual([]);
  });

  test('half a line at the end of a log is no event', () => {
    expect(readEvent('answer a 1 0')).toBeUndefined();
    expect(readEvent('clo')).toBeUndefined();
  });
});

test('recovery is the time from a fault to the last late answer that it made', () => {
  const slow = [
    { client: 'a', askedMs: 100, answeredMs: 900 },
    { client: 'b', askedMs: 2000, answeredMs: 5000 },
    { client: 'a', askedMs: 9000, answeredMs: 9900 },
  ];
  const all = (): boolean => true;
  expect(recoverySeconds(slow, 1000, 8000, all)).toBe(4);
  expect(recoverySeconds(slow, 1000, 8000, (client) => client !== 'b')).toBe(0);
  expect(recoverySeconds(slow, 8000, Infinity, all)).toBe(1.9);
});

describe('a schedule', () => {
  const options = { seed: 5, seconds: 600, workers: 6, clientHosts: 10, faults: allFaults };

  test('is a function of its seed', () => {
    expect(scheduleOf(options)).toEqual(scheduleOf(options));
    expect(scheduleOf({ ...options, seed: 6 })).not.toEqual(scheduleOf(options));
  });

  test('plays every fault, harms each worker but the first, and leaves calm before and after', () => {
    const schedule = scheduleOf(options);
    expect(new Set(schedule.map(({ name }) => name))).toEqual(new Set(allFaults));
    const ofWorkers = schedule.filter(({ name }) => faultKinds[name].whom === 'worker');
    expect(new Set(ofWorkers.map(({ victim }) => victim))).toEqual(new Set([1, 2, 3, 4, 5]));
    for (const { atSeconds, lastsSeconds } of schedule) {
      expect(atSeconds).toBeGreaterThanOrEqual(warmUpSeconds(600));
      expect(atSeconds + lastsSeconds).toBeLessThanOrEqual(600 - settlingSeconds(600));
    }
  });

  test('never harms one worker in two ways at once', () => {
    for (let seed = 0; seed < 50; seed++) {
      const schedule = scheduleOf({ ...options, seed });
      const keys = schedule.map(({ atSeconds, victim }) => `${atSeconds} ${victim}`);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

test('clients ask for both kinds and for numbers that are no job', () => {
  const kinds = Array.from({ length: 200 }, (_, job) => Math.min(kindOfJob(job), markerFirst));
  for (const kind of [1, 2, markerFirst]) expect(kinds.filter((each) => each === kind).length).toBeGreaterThan(20);
});
