import { leftIsLong, planThreads, secondsLeftMin, threadBytesMinDefault } from '../../../src/captures/thread-plan.js';

const MiB = 2 ** 20;

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
    const enough = secondsLeftMin * bytesPerSecond;
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
});
