import { costsText, costText } from '../../../src/common/cost-text.js';

test.each([
  [{ fixedSeconds: 0, secondsPerUnit: 12.34e-6, unit: 'jobs' }, '12.3 us'],
  [{ fixedSeconds: 1.2e-3, secondsPerUnit: 3.41e-9, unit: 'bytes' }, '1.20 ms + 3.41 ms/MB'],
  [{ fixedSeconds: 0, secondsPerUnit: 2e-9, unit: 'bytes' }, '2.00 ms/MB'],
  [{ fixedSeconds: 2, secondsPerUnit: 5e-7, unit: 'lines' }, '2 s + 500 ns/line'],
  [{ fixedSeconds: 0.05, secondsPerUnit: 0, unit: 'units' }, '50.0 ms'],
])('the cost %j reads %s', (cost, text) => {
  expect(costText(cost)).toBe(text);
});

test('of several kinds the first are named and the others counted', () => {
  const kinds = ['A', 'B@2', 'C'].map((name) => ({ name, fixedSeconds: 1e-3, secondsPerUnit: 0, unit: 'bytes' }));
  expect(costsText(kinds, 2)).toBe('A 1.00 ms, B@2 1.00 ms, 1 more');
  expect([costsText(kinds.slice(1, 2), 2), costsText([], 2)]).toEqual(['B@2 1.00 ms', '']);
});
