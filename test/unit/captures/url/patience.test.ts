import { Patience } from '../../../../src/captures/url/patience.js';

test('goes on asking while bytes come, and gives up when none came for the time it has', () => {
  let nowMs = 0;
  const patience = new Patience(
    3_000,
    10_000,
    () => nowMs,
    () => 1,
  );
  expect(patience.failed()).toBe(250);
  nowMs = 2_000;
  expect(patience.failed()).toBe(500);
  patience.moved();
  nowMs = 11_000;
  expect(patience.failed()).toBe(250);
  nowMs = 11_600;
  // The wait would end after the time is over.
  expect(patience.failed()).toBe(null);
});

test('gives up sooner before the first byte', () => {
  let nowMs = 0;
  const patience = new Patience(
    3_000,
    10_000,
    () => nowMs,
    () => 0,
  );
  nowMs = 2_999;
  expect(patience.failed()).toBe(0);
  nowMs = 3_001;
  expect(patience.failed()).toBe(null);
});
