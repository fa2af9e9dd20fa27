import { ratioOf } from '../../../bench/compare/ratios.js';

test('two builds are compared by their medians, and the spread is that of the rounds', () => {
  expect(ratioOf({ old: [2, 4, 100], new: [1, 8, 50] })).toEqual({
    oldMedian: 4,
    newMedian: 8,
    ratio: 2,
    least: 0.5,
    most: 2,
  });
});
