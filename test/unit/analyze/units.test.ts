import { humanBytes, humanSpan, humanUnits, rawUnits } from '../../../src/analyze/units.js';
import { secondsText, timeText } from '../../../src/common/time-text.js';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [12_345, '12.3 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [4_093_509_168n, '4.09 GB'],
])('%s bytes are %s for people', (bytes, text) => {
  expect(humanBytes(bytes)).toBe(text);
});

test.each([
  [0n, '0 ns'],
  [1_500n, '1.5 us'],
  [250_000_000n, '250 ms'],
  [1_500_000_000n, '1.5 s'],
  [298_499_453_000n, '4m 58s'],
  [12_000_000_000_000n, '3h 20m'],
  [1_051_200_000_000_000n, '12d 4h'],
  [-1_500n, '-1.5 us'],
])('%s ns are %s for people', (ns, text) => {
  expect(humanSpan(ns)).toBe(text);
});

test('counts are grouped for people and raw by default', () => {
  expect(humanUnits.count(1_234_567)).toBe('1,234,567');
  expect(humanUnits.count(2n ** 60n)).toBe('1,152,921,504,606,846,976');
  expect(rawUnits.count(1_234_567)).toBe('1234567');
  expect(rawUnits.bytes(2n ** 60n)).toBe('1152921504606846976');
});

test('a raw span keeps every nanosecond', () => {
  expect(secondsText(1_000_000_001n)).toBe('1.000000001');
  expect(secondsText(-1n)).toBe('-0.000000001');
});

test.each([
  ['0', '1970-01-01T00:00:00.000000000Z'],
  ['1700000000123456789', '2023-11-14T22:13:20.123456789Z'],
  ['-1', '1969-12-31T23:59:59.999999999Z'],
  ['99999999999999999999999', '99999999999999.999999999 s since 1970'],
])('the time %s ns is %s', (ns, text) => {
  expect(timeText(ns)).toBe(text);
});
