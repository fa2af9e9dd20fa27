import { planted } from './planted.js';
import { simulate } from './simulate.js';

/** Enough runs for each planted fault, most of which show in the first. */
const runsMax = 60;
const jobsOfRun = 5_000;

jest.setTimeout(300_000);

test('runs of many seeds: each answer is its own job’s, each job ends once and in time, and nothing is left', () => {
  const outcomes = Array.from({ length: 10 }, (_, at) => simulate(at + 1, jobsOfRun));
  expect(outcomes.flatMap(({ seed, violations }) => violations.map((words) => `seed ${seed}: ${words}`))).toEqual([]);
  expect(outcomes.every(({ jobs, answered }) => jobs === jobsOfRun && answered > 0)).toBe(true);
  // What is to be survived does happen.
  const sum = (of: (outcome: (typeof outcomes)[number]) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  expect(sum(({ restarts }) => restarts)).toBeGreaterThan(5);
  expect(sum(({ lies }) => lies)).toBeGreaterThan(25);
});

test.each([
  [
    60134,
    5_000,
    'the only worker that may check an answer is suspended, or owes what was overdue before its last answer',
  ],
  [60023, 25_000, 'the window of the only worker that may check an answer is full of jobs that it has lost'],
])('the run of seed %i, in which a job once did not end: %s', (seed, jobs) => {
  expect(simulate(seed, jobs).violations).toEqual([]);
});

test('a run is made of its seed alone', () => {
  const facts = (): unknown => ({ ...simulate(11, jobsOfRun), seconds: 0 });
  expect(facts()).toEqual(facts());
});

describe('a fault that is put into the hub is found', () => {
  test.each(planted.map((fault) => [fault.name, fault] as const))('%s', (_name, { plant, shows, seed: first = 1 }) => {
    const takeOut = plant();
    try {
      for (let seed = first; seed < first + runsMax; seed++) {
        if (simulate(seed, jobsOfRun).violations.some((words) => shows.test(words))) return;
      }
    } finally {
      takeOut();
    }
    throw new Error(`${runsMax} runs did not show it`);
  });
});
