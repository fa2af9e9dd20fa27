import { Absence, missingMsMax, settledMsMin } from '../../../../src/ledger/nats/absence.js';

test('chunks that are missed for longer than missingMsMax are lost, however many they are', () => {
  const absence = new Absence();
  expect(absence.lost(0, -Infinity)).toBe(false);
  expect(absence.missed(1000)).toBe(true);
  for (let nowMs = 1000; nowMs <= 1000 + missingMsMax; nowMs += 5000) expect(absence.missed(nowMs)).toBe(false);
  expect(absence.lost(1000 + missingMsMax, -Infinity)).toBe(false);
  expect(absence.lost(1001 + missingMsMax, -Infinity)).toBe(true);
});

test('they are lost sooner when the servers say all the while that they have caught up', () => {
  const absence = new Absence();
  absence.missed(0);
  absence.settled(true, 0);
  absence.settled(false, 500);
  absence.settled(true, 1000);
  absence.settled(true, 2000);
  expect(absence.lost(1000 + settledMsMin, -Infinity)).toBe(false);
  expect(absence.lost(1001 + settledMsMin, -Infinity)).toBe(true);
  expect(absence.lost(1001 + settledMsMin, 1500)).toBe(false);
});

test('time without NATS does not count', () => {
  const absence = new Absence();
  absence.missed(0);
  absence.missed(9000);
  expect(absence.lost(50_000, 49_000)).toBe(false);
  expect(absence.lost(49_001 + missingMsMax, 49_000)).toBe(true);
});

test('what is missed long after the last one was is missed anew', () => {
  const absence = new Absence();
  absence.missed(0);
  absence.settled(true, 0);
  const laterMs = 2 * missingMsMax;
  expect(absence.missed(laterMs)).toBe(true);
  expect(absence.lost(laterMs, -Infinity)).toBe(false);
  absence.settled(true, laterMs);
  expect(absence.lost(laterMs + settledMsMin, -Infinity)).toBe(false);
  expect(absence.lost(laterMs + settledMsMin + 1, -Infinity)).toBe(true);
});
