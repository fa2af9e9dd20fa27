import { Patience } from '../../../../src/captures/url/patience.js';

test('goes on asking while bytes come, and gives up when none came for the time it has', () => {
  let nowMs = 0;
  const patience = new Patience(10_000, () => nowMs, () => 1);
  expect(patience.failed()).toBe(250);
  nowMs = 9_000;
  expect(patience.failed()).toBe(500);
  patience.moved();
  nowMs = 18_000;
  expect(patience.failed()).toBe(250);
  nowMs = 18_600;
  // The wait would end after the time is over.
  expect(patience.failed()).toBe(null);
});
