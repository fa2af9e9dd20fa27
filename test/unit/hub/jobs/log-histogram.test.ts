import { LogHistogram, logBins, quantileOf } from '../../../../src/hub/jobs/log-histogram.js';

describe('a histogram of durations', () => {
  test.each([0.5, 0.99])('tells the %p quantile within 4 % whatever the size of the durations', (share) => {
    for (const scale of [3e-6, 1e-3, 0.7, 40]) {
      const histogram = new LogHistogram();
      const durations = Array.from({ length: 2_000 }, (_each, at) => scale * (1 + ((at * 7919) % 2_000) / 400));
      durations.forEach((seconds) => histogram.observe(seconds));
      const exact = [...durations].sort((a, b) => a - b)[Math.floor(share * durations.length)];
      expect(Math.abs(quantileOf(histogram.counts, share) / exact - 1)).toBeLessThan(0.04);
    }
  });

  test('counts what is out of its range in its first and last bin', () => {
    const histogram = new LogHistogram();
    for (const seconds of [0, 1e-9, 1e9, Infinity]) histogram.observe(seconds);
    expect([histogram.counts[0], histogram.counts[logBins - 1]]).toEqual([2, 2]);
  });

  test('knows no quantile of nothing', () => {
    expect(quantileOf(new LogHistogram().counts, 0.5)).toBeNaN();
  });
});
