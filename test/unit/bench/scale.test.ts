import { simulate } from '../../../bench/scale/simulated.js';

test('the jobs of a lost worker run elsewhere at once when its stream breaks, soon when it stands still, and within 3.5 heartbeats when jobs wait', () => {
  const figures = simulate(10, 5_000);
  // One way through the simulated network.
  expect(figures.killedSeconds).toBeCloseTo(0.0001, 6);
  expect(figures.stoppedSeconds).toBeGreaterThan(0.005);
  expect(figures.stoppedSeconds).toBeLessThan(0.05);
  expect(figures.stoppedBusySeconds).toBeGreaterThan(0.005);
  expect(figures.stoppedBusySeconds).toBeLessThan(4);
  expect(figures.picksPerSecond).toBeGreaterThan(0);
});

test('the jobs of a stopped worker are not starved by new ones that come as soon as others are answered', () => {
  expect(simulate(5, 2_000).stoppedSeconds).toBeLessThan(1);
});
