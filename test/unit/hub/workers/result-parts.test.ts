import { partBytesCounted, ResultParts } from '../../../../src/hub/workers/result-parts.js';

test('pieces are handed out in their order, and are no longer held then', () => {
  const parts = new ResultParts(10 * partBytesCounted);
  for (const text of ['ab', 'c']) parts.add(1, Buffer.from(text));
  parts.add(2, Buffer.from('x'));
  expect([parts.bytesOf(1), parts.bytesOf(2), parts.bytesOf(3)]).toEqual([3, 1, 0]);
  expect(Buffer.concat(parts.take(1) ?? []).toString()).toBe('abc');
  expect(parts.take(1)).toBeUndefined();
  expect(parts.bytesOf(1)).toBe(0);
});

test('a piece counts for 4 KiB at least, so millions of small ones do not pass, and what is taken is free again', () => {
  const parts = new ResultParts(3 * partBytesCounted);
  expect([1, 2, 3, 4].map((job) => parts.add(job, Buffer.alloc(1)))).toEqual([true, true, true, false]);
  const again = new ResultParts(2 * partBytesCounted);
  for (let round = 0; round < 10; round++) {
    expect(again.add(7, Buffer.alloc(partBytesCounted + 1))).toBe(true);
    again.take(7);
  }
  expect(again.add(7, Buffer.alloc(2 * partBytesCounted + 1))).toBe(false);
});
