import fc from 'fast-check';
import { highOf, idColumns, lowOf, wholeIds } from '../../../src/common/job-ids.js';
import { holds } from '../../support/property.js';

test('ids survive their two columns, whatever 53 bits they have', () => {
  const near = fc.integer({ min: -5, max: 5 });
  const id = fc.oneof(
    fc.maxSafeNat(),
    fc.nat(2 ** 31),
    fc.tuple(fc.constantFrom(2 ** 31, 2 ** 32, 2 ** 33, 2 ** 52), near).map(([at, by]) => at + by),
  );
  holds(
    fc.array(id, { maxLength: 20 }),
    (ids) => {
      const { job, jobHigh } = idColumns(ids);
      expect(job.every((low) => low >= 0 && low < 2 ** 32)).toBe(true);
      expect([0, 1, ids.length]).toContain(jobHigh.length);
      expect(wholeIds([...job], jobHigh)).toEqual(ids);
      expect(ids.map((each) => highOf(each) * 2 ** 32 + lowOf(each))).toEqual(ids);
    },
    500,
  );
});

test('the upper column has one entry for ids that lie together, and none for small ones', () => {
  expect(idColumns([1, 2 ** 32 - 1])).toEqual({ job: [1, 2 ** 32 - 1], jobHigh: [] });
  expect(idColumns([2 ** 32, 2 ** 33 - 1])).toEqual({ job: [0, 2 ** 32 - 1], jobHigh: [1] });
  expect(idColumns([1, 2 ** 32])).toEqual({ job: [1, 0], jobHigh: [0, 1] });
});
