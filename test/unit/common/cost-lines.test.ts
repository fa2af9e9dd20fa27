import { CostLines } from '../../../src/common/cost-lines.js';
import { seededRandom } from '../../../src/hub/picking/seeded-random.js';

/**
 * Learns jobs of sizes drawn by `size`, each within a fifth of what the line says, and cut at 4 times what
 * was predicted.
 */
function learned(line: { fixed: number; perUnit: number }, size: (random: () => number) => number, jobs: number) {
  const random = seededRandom(3);
  const lines = new CostLines(1);
  lines.assume(0, 1e-3, 0, true);
  const run = (count: number, speed: number): void => {
    for (let job = 0; job < count; job++) {
      const units = size(random);
      const seconds = speed * (line.fixed + line.perUnit * units) * (0.8 + 0.4 * random());
      lines.learn(0, 1, units, lines.isGuess(0) ? seconds : Math.min(seconds, 4 * lines.secondsOf(0, units)));
    }
  };
  run(jobs, 1);
  return { lines, run };
}

const ratio = (lines: CostLines, line: { fixed: number; perUnit: number }, units: number): number =>
  lines.secondsOf(0, units) / (line.fixed + line.perUnit * units);

const twoSizes = (random: () => number): number => (random() < 0.2 ? 1e6 : 1e3);

describe('a cost by size', () => {
  const line = { fixed: 2e-3, perUnit: 1e-7 };

  test('is learned from jobs of two sizes 1:1,000, for small ones and large ones alike', () => {
    const { lines } = learned(line, twoSizes, 60);
    for (const units of [0, 1e3, 1e5, 1e6, 1e7])
      expect(Math.abs(Math.log(ratio(lines, line, units)))).toBeLessThan(0.3);
  });

  test('is learned from sizes that are all different', () => {
    const { lines } = learned(line, (random) => 10 ** (2 + 4 * random()), 60);
    for (const units of [0, 1e4, 1e6]) expect(Math.abs(Math.log(ratio(lines, line, units)))).toBeLessThan(0.3);
  });

  test('takes the first result for half fixed and half by size, and corrects it with the first job of another size', () => {
    const lines = new CostLines(1);
    lines.assume(0, 1e-3, 0, true);
    lines.learn(0, 1, 1e6, 1);
    expect([lines.fixed[0], lines.perUnit[0]]).toEqual([0.5, 0.5e-6]);
    lines.learn(0, 1, 1e3, 2e-3);
    expect(lines.secondsOf(0, 1e3)).toBeLessThan(0.1);
    expect(lines.secondsOf(0, 1e6)).toBeGreaterThan(0.7);
    expect(lines.secondsOf(0, 1e6)).toBeLessThan(1.3);
  });

  test('follows a worker that becomes eight times slower within thirty jobs, and back', () => {
    const { lines, run } = learned(line, twoSizes, 100);
    run(30, 8);
    for (const units of [1e3, 1e6]) expect(ratio(lines, line, units)).toBeGreaterThan(5);
    run(60, 1);
    for (const units of [1e3, 1e6]) expect(ratio(lines, line, units)).toBeLessThan(1.6);
  });

  test('has no negative part, whatever comes', () => {
    const random = seededRandom(9);
    const lines = new CostLines(1);
    lines.assume(0, 1e-3, 0, true);
    for (let job = 0; job < 2_000; job++) {
      // The larger, the quicker: what no line can say.
      const units = 10 ** (6 * random());
      lines.learn(0, 1 + Math.floor(random() * 4), units, (1e-3 + 1 / (1 + units)) * random() + 1e-9);
      expect(lines.fixed[0]).toBeGreaterThanOrEqual(0);
      expect(lines.perUnit[0]).toBeGreaterThanOrEqual(0);
      expect(Number.isFinite(lines.secondsOf(0, 1e6))).toBe(true);
    }
  });

  test('is learned from batches of many jobs too', () => {
    const random = seededRandom(5);
    const lines = new CostLines(1);
    lines.assume(0, 1e-3, 0, true);
    for (let batch = 0; batch < 60; batch++) {
      const jobs = 1 + Math.floor(random() * 20);
      let units = 0;
      for (let job = 0; job < jobs; job++) units += twoSizes(random);
      lines.learn(0, jobs, units, jobs * line.fixed + units * line.perUnit);
    }
    for (const units of [0, 1e6]) expect(Math.abs(Math.log(ratio(lines, line, units)))).toBeLessThan(0.2);
  });

  test('of payloads that are all empty is fixed', () => {
    const lines = new CostLines(1);
    lines.assume(0, 1, 0, true);
    for (let job = 0; job < 10; job++) lines.learn(0, 1, 0, 5e-3);
    expect(lines.secondsOf(0, 0)).toBeCloseTo(5e-3, 6);
    lines.learn(0, 1, 1e6, 0.105);
    for (let job = 0; job < 5; job++) lines.learn(0, 1, 1e6, 0.105);
    expect(lines.secondsOf(0, 1e6)).toBeGreaterThan(0.08);
    expect(lines.secondsOf(0, 0)).toBeLessThan(8e-3);
  });
});
