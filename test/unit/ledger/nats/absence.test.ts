import { Absence } from '../../../../src/ledger/nats/absence.js';
import { missingMsMax } from '../../../../src/ledger/nats/limits.js';

test('chunks that are missed for longer than missingMsMax are lost, however many they are', () => {
  const absence = new Absence();
  expect(absence.lost(0, -Infinity)).toBe(false);
  expect(absence.missed(1000)).toBe(true);
  expect(absence.missed(1000 + missingMsMax)).toBe(false);
  expect(absence.lost(1000 + missingMsMax, -Infinity)).toBe(false);
  expect(absence.lost(1001 + missingMsMax, -Infinity)).toBe(true);
});

test('one that is found begins the time anew', () => {
  const absence = new Absence();
  absence.missed(0);
  absence.found();
  expect(absence.lost(2 * missingMsMax, -Infinity)).toBe(false);
  expect(absence.missed(2 * missingMsMax)).toBe(true);
  expect(absence.lost(2 * missingMsMax, -Infinity)).toBe(false);
});

test('time without NATS does not count', () => {
  const absence = new Absence();
  absence.missed(0);
  expect(absence.lost(50_000, 49_000)).toBe(false);
  expect(absence.lost(49_001 + missingMsMax, 49_000)).toBe(true);
});
