import { cutRuns, planRuns, runFilesMax } from '../../../../src/captures/join/plan-runs.js';

const files = (...sizes: number[]) => sizes.map((sizeBytes) => ({ sizeBytes: sizeBytes * 1_000_000 }));

test('runs hold every file once, in order, in about the shares that were asked for', () => {
  const hundred = files(...new Array<number>(100).fill(20));
  const runs = planRuns(hundred, [0.4, 0.3, 0.2, 0.1]);
  expect(runs[0].from).toBe(0);
  for (const [i, run] of runs.entries()) expect(run.from).toBe(i === 0 ? 0 : runs[i - 1].to);
  expect(runs[runs.length - 1].to).toBe(100);
  expect(runs.map(({ from, to }) => to - from)).toEqual([40, 30, 20, 10]);
});

test('files of no size cost something too', () => {
  expect(planRuns(files(...new Array<number>(8).fill(0)), [0.5, 0.5])).toEqual([
    { from: 0, to: 4 },
    { from: 4, to: 8 },
  ]);
});

test('files that are split by themselves are in no run and divide the others', () => {
  expect(planRuns(files(1, 1, 900, 1, 1), [0.5, 0.5], new Set([2]))).toEqual([
    { from: 0, to: 2 },
    { from: 3, to: 5 },
  ]);
  expect(planRuns(files(900), [1], new Set([0]))).toEqual([]);
});

test('runs of a cluster cost at most so much, unless they are one file, and hold at most so many files', () => {
  expect(cutRuns(files(3, 3, 3, 50, 3), 8_000_000)).toEqual([
    { from: 0, to: 2 },
    { from: 2, to: 3 },
    { from: 3, to: 4 },
    { from: 4, to: 5 },
  ]);
  expect(cutRuns([], 1)).toEqual([]);
  const empty = files(...new Array<number>(2 * runFilesMax + 1).fill(0));
  expect(cutRuns(empty, 1e12).map(({ from, to }) => to - from)).toEqual([runFilesMax, runFilesMax, 1]);
});
