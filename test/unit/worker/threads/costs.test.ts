import type { Kind } from '../../../../src/kinds/kind.js';
import { Costs, batchJobs, batchSeconds } from '../../../../src/worker/threads/costs.js';
import { Restarts } from '../../../../src/common/restarts.js';

const kind = (lanes?: number): Kind => ({
  number: 1,
  name: 'K',
  clientMay: true,
  lanes,
  calibrate: () => 1,
  run: () => undefined,
});

describe('the jobs of one batch', () => {
  test.each([
    ['a lone job goes at once', kind(), 1, 1e-6, 1, 1],
    ['two milliseconds of short jobs', kind(), 100_000, 1e-6, 1, 2000],
    ['never more than a frame holds', kind(), 100_000, 1e-9, 1, 2048],
    ['one job when a job is longer than a batch', kind(), 50, 0.5, 2, 1],
    ['few jobs are not split: waking a thread costs as much', kind(), 40, 1e-6, 2, 40],
    ['idle threads share what is worth sharing', kind(), 400, 1e-6, 4, 100],
    ['lanes are filled before a second thread is woken', kind(4), 4, 20e-6, 2, 4],
    ['a share is full lanes', kind(4), 9, 20e-6, 2, 4],
    ['what is left over is no full set of lanes', kind(4), 3, 20e-6, 2, 3],
    ['full lanes, two milliseconds of them', kind(4), 1000, 20e-6, 1, 100],
    ['a cost that is not known yet gives a full batch', kind(), 5000, 0, 1, 2048],
  ] as const)('%s', (_, of, waiting, seconds, idle, expected) => {
    expect(batchJobs(of, waiting, seconds, idle, 0.002)).toBe(expected);
  });
});

test.each([
  ['a millisecond while little is held', 0.0005, 0.001],
  ['a third of what each thread holds', 0.006, 0.002],
  ['a third of a wide window', 0.03, 0.01],
  ['thirty-five milliseconds at most', 5, 0.035],
])('a batch is worth %s', (_, held, expected) => {
  expect(batchSeconds(held)).toBeCloseTo(expected, 9);
});

describe('costs', () => {
  test('start as the median of what the threads measured and follow what jobs take', () => {
    const costs = new Costs();
    costs.calibrated([3, 9, 4].map((seconds) => [{ kind: 1, secondsPerUnit: seconds }]));
    expect(costs.of(1)).toBe(4);
    expect(costs.of(2)).toBe(0);
    costs.learn(1, 10, 10, 140);
    expect(costs.of(1)).toBeCloseTo(5, 9);
    for (let batch = 0; batch < 200; batch++) costs.learn(1, 1, 1, 7);
    expect(costs.of(1)).toBeCloseTo(7, 6);
  });

  test('learn nothing from a batch without units or without time', () => {
    const costs = new Costs();
    costs.calibrated([[{ kind: 1, secondsPerUnit: 1 }]]);
    costs.learn(1, 0, 0, 5);
    costs.learn(1, 5, 5, 0);
    expect(costs.of(1)).toBe(1);
  });
});

describe('restarts', () => {
  test('come at once for three deaths, then wait longer and longer, and are forgiven after a minute', () => {
    const restarts = new Restarts();
    const delays = Array.from({ length: 14 }, (_, death) => restarts.delayMs(1000 + death));
    expect(delays).toEqual([0, 0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]);
    expect(restarts.delayMs(62_000)).toBe(0);
  });
});
