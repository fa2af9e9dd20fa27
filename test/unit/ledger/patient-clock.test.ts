import { PatientClock } from '../../../src/ledger/patient-clock.js';

const hour = 3_600_000;
const day = 24 * hour;
const start = 1e12;

test('a clock that goes with the monotonic one is believed', () => {
  const clock = new PatientClock(start - 1_000, hour, start, 0);
  for (let at = 0; at < 3 * hour; at += 60_000) {
    // It is corrected slowly, 500 parts in a million.
    const wall = start + at * 1.0005;
    expect(Math.abs(clock.nowMs(wall, at) - wall)).toBeLessThan(6_000);
  }
});

test('one that is two days ahead at a start is believed only after it has stayed for the time of trust', () => {
  const clock = new PatientClock(start, hour, start + 2 * day, 500);
  expect(clock.nowMs(start + 2 * day, 500)).toBe(start);
  expect(clock.nowMs(start + 2 * day + hour - 1, 500 + hour - 1)).toBe(start + hour - 1);
  expect(clock.nowMs(start + 2 * day + hour, 500 + hour)).toBe(start + 2 * day + hour);
});

test('one that jumps ahead and is put right again was never believed', () => {
  const clock = new PatientClock(null, hour, start, 0);
  expect(clock.nowMs(start + 1_000, 1_000)).toBe(start + 1_000);
  expect(clock.nowMs(start + 2 * day, 2_000)).toBe(start + 2_000);
  expect(clock.nowMs(start + hour, hour)).toBe(start + hour);
  expect(clock.nowMs(start + 2 * day + hour, hour + 1_000)).toBe(start + hour + 1_000);
  expect(clock.nowMs(start + 2 * day + 2 * hour, 2 * hour)).toBe(start + 2 * hour);
});

test('one that is set back is believed at once: that removes nothing', () => {
  const clock = new PatientClock(null, hour, start, 0);
  expect(clock.nowMs(start - 5 * day, 1_000)).toBe(start - 5 * day);
  const behind = new PatientClock(start + day, hour, start, 0);
  expect(behind.nowMs(start, 0)).toBe(start);
});

test('one that goes 5 s ahead in one step is believed, and one that goes farther is not', () => {
  const clock = new PatientClock(null, hour, start, 0);
  expect(clock.nowMs(start + 6_000, 1_000)).toBe(start + 6_000);
  expect(clock.nowMs(start + 12_001, 2_000)).toBe(start + 7_000);
});

test('one that jumps ahead and then farther is trusted only from the second jump on', () => {
  const clock = new PatientClock(null, hour, start, 0);
  expect(clock.nowMs(start + day, 0)).toBe(start);
  expect(clock.nowMs(start + day + 5_000 + 60_000, 60_000)).toBe(start + 60_000);
  expect(clock.nowMs(start + 2 * day + hour / 2, hour / 2)).toBe(start + hour / 2);
  expect(clock.nowMs(start + 2 * day + hour, hour)).toBe(start + hour);
  expect(clock.nowMs(start + 2 * day + 2 * hour, 2 * hour)).toBe(start + 2 * day + 2 * hour);
});
