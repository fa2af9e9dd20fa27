import { BackOff } from '../../../src/common/back-off.js';

test('waits double up to five seconds and never pass it', () => {
  const backOff = new BackOff(() => 1);
  const waits = Array.from({ length: 50 }, () => backOff.nextMs());
  expect(waits.slice(0, 6)).toEqual([250, 500, 1000, 2000, 4000, 5000]);
  expect(Math.max(...waits)).toBe(5000);
});

test('each wait is drawn from nothing to the whole, so that many workers do not dial at once', () => {
  const backOff = new BackOff(() => 0);
  expect(backOff.nextMs()).toBe(0);
  const half = new BackOff(() => 0.5);
  expect([half.nextMs(), half.nextMs()]).toEqual([125, 250]);
});

test('a success starts the waits anew', () => {
  const backOff = new BackOff(() => 1);
  for (let failure = 0; failure < 5; failure++) backOff.nextMs();
  backOff.reset();
  expect(backOff.nextMs()).toBe(250);
});
