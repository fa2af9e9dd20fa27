import { costText } from '../../../src/common/cost-text.js';

test.each([
  [{ fixedSeconds: 0, secondsPerUnit: 12.34e-6, unit: 'jobs' }, '12.3 us'],
  [{ fixedSeconds: 1.2e-3, secondsPerUnit: 3.41e-9, unit: 'bytes' }, '1.20 ms + 3.41 ms/MB'],
  [{ fixedSeconds: 0, secondsPerUnit: 2e-9, unit: 'bytes' }, '2.00 ms/MB'],
  [{ fixedSeconds: 2, secondsPerUnit: 5e-7, unit: 'lines' }, '2 s + 500 ns/line'],
  [{ fixedSeconds: 0.05, secondsPerUnit: 0, unit: 'units' }, '50.0 ms'],
])('the cost %j reads %s', (cost, text) => {
  expect(costText(cost)).toBe(text);
});
