import { DrainRate } from '../../../../src/hub/jobs/drain-rate.js';

/** One job each `every` seconds from `from` on. */
const drain = (rate: DrainRate, from: number, every: number, jobs: number): number => {
  for (let job = 0; job < jobs; job++) rate.left(from + job * every);
  return from + (jobs - 1) * every;
};

describe('how fast a queue drains', () => {
  test('nothing is known before a quarter of a second has been measured', () => {
    const rate = new DrainRate();
    expect(rate.waitSeconds(100, 1)).toBe(0);
    const now = drain(rate, 100, 0.125, 2);
    expect(rate.waitSeconds(100, now)).toBe(0);
  });

  test('is jobs for each second of the last quarter', () => {
    const rate = new DrainRate();
    // The first opens the quarter, and the third ends it: three in 0.25 s.
    const now = drain(rate, 100, 0.125, 3);
    expect(rate.waitSeconds(24, now)).toBe(2);
    expect(rate.waitSeconds(0, now)).toBe(0);
  });

  test('follows the last quarter alone', () => {
    const rate = new DrainRate();
    drain(rate, 100, 0.125, 3);
    const now = drain(rate, 100.3125, 0.0625, 4);
    // Four in the quarter that began with the job that ended the one before.
    expect(now).toBe(100.5);
    expect(rate.waitSeconds(32, now)).toBe(2);
  });

  test('a pause of half a second begins a new measurement, a shorter one is a part of it', () => {
    const rate = new DrainRate();
    rate.left(100);
    rate.left(100.5);
    // Two in half a second: the pause counts.
    expect(rate.waitSeconds(8, 100.5)).toBe(2);
    rate.left(101.0625);
    rate.left(101.3125);
    // A longer one does not: two in the quarter behind it.
    expect(rate.waitSeconds(8, 101.3125)).toBe(1);
  });

  test('a measurement says nothing two seconds later', () => {
    const rate = new DrainRate();
    const now = drain(rate, 100, 0.125, 3);
    expect(rate.waitSeconds(12, now + 2)).toBe(1);
    expect(rate.waitSeconds(12, now + 2.001)).toBe(0);
  });
});
