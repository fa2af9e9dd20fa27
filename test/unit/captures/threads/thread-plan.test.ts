import { availableParallelism } from 'node:os';
import {
  entriesCheap,
  growsTooFast,
  growthPart,
  leftIsLong,
  packetsPerEntryMin,
  planThreads,
  planUnpacking,
  threadBytesMinDefault,
  threadsAsked,
  unpackingBytesMin,
} from '../../../../src/captures/threads/thread-plan.js';

const MiB = 2 ** 20;

test('as many threads as --cores says, one for each core with --multi, and else one', () => {
  expect(threadsAsked({ cores: 3 })).toBe(3);
  expect(threadsAsked({ cores: 3, multi: true })).toBe(3);
  expect(threadsAsked({ multi: true })).toBe(availableParallelism());
  expect([threadsAsked({}), threadsAsked({ multi: false })]).toEqual([1, 1]);
});

test('a table is looked at after each 32 MiB', () => {
  expect(threadBytesMinDefault * growthPart).toBe(32 * MiB);
});

describe('the threads of a scan', () => {
  test.each([
    ['an empty file', 0, 8, 1],
    ['a file of one share', threadBytesMinDefault, 8, 1],
    ['a file just under two shares', 2 * threadBytesMinDefault - 1, 8, 1],
    ['a file of two shares', 2 * threadBytesMinDefault, 8, 2],
    ['a file of many shares', 4096 * MiB, 8, 8],
    ['a large file on one core', 4096 * MiB, 1, 1],
  ])('%s', (_name, size, cores, threads) => {
    expect(planThreads(size, cores).threads).toBe(threads);
  });

  test('pay when one core needs long for what is left, at the speed of what is done', () => {
    const bytesPerSecond = 1000 * MiB;
    const enough = 500 * MiB;
    expect(leftIsLong(enough, bytesPerSecond, threadBytesMinDefault)).toBe(true);
    expect(leftIsLong(enough - 1, bytesPerSecond, threadBytesMinDefault)).toBe(false);
    expect(leftIsLong(1, bytesPerSecond, threadBytesMinDefault - 1)).toBe(true);
  });

  test('one thread never splits the file', () => {
    expect(planThreads(100_000 * MiB, 1).shares).toEqual([1]);
  });

  test('several threads have more chunks than threads, none over 1 GiB, the last the smallest, and all add up', () => {
    for (const size of [2100, 4000, 50_000]) {
      const { threads, shares } = planThreads(size * MiB, 4);
      expect(shares.length).toBeGreaterThan(threads);
      expect(size * MiB * Math.max(...shares)).toBeLessThanOrEqual(1024 * MiB + 1);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(Math.min(...shares)).toBeGreaterThan(0);
      expect(shares[0]).toBeGreaterThanOrEqual(shares[shares.length - 1]);
    }
  });

  test('no chunk is over 1 GiB where little is left behind the last whole one', () => {
    for (const more of [1, 10, 100]) {
      const size = (10 * 1024 + more) * MiB;
      const { shares } = planThreads(size, 16);
      expect(Math.max(...shares) * size).toBeLessThanOrEqual(1024 * MiB + 1);
    }
  });

  test('each chunk is four fifths of a part of the rest, down to a fifth of an equal share, and takes what little is left', () => {
    const { shares } = planThreads(1024 * MiB, 2);
    const rounded = shares.map((share) => Math.round(share * 10_000) / 10_000);
    expect(rounded).toEqual([0.4, 0.24, 0.144, 0.1, 0.116]);
  });

  test('a table that has a new entry for fewer than so many packets is grown by one core as fast', () => {
    const before = { entries: entriesCheap, packets: 1000 };
    const after = (entries: number, packets: number): boolean =>
      growsTooFast(before, { entries: entriesCheap + entries, packets: 1000 + packets });
    expect(after(100, 100 * packetsPerEntryMin)).toBe(false);
    expect(after(100, 100 * packetsPerEntryMin - 1)).toBe(true);
    expect(after(0, 0)).toBe(false);
    // A small table costs nothing, however it grows.
    expect(growsTooFast({ entries: 0, packets: 0 }, { entries: entriesCheap, packets: entriesCheap })).toBe(false);
    expect(growsTooFast({ entries: 0, packets: 0 }, { entries: entriesCheap + 1, packets: entriesCheap })).toBe(true);
  });
});

describe('the threads that inflate a packed file', () => {
  test.each([
    ['a small one on one', 2 * unpackingBytesMin - 1, 8, 1],
    ['one of two shares on two', 2 * unpackingBytesMin, 8, 2],
    ['a large one on those that may be used', 4096 * MiB, 3, 3],
    ['a large one on one core', 4096 * MiB, 1, 1],
    ['an empty one on one', 0, 8, 1],
  ])('%s', (_name, size, cores, threads) => {
    expect(planUnpacking(size, cores)).toBe(threads);
  });

  test('are more where less is asked for each', () => {
    expect(planUnpacking(3000, 8, 1000)).toBe(3);
  });
});
