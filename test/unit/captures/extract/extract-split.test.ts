import { extractSizes } from '../../../../src/captures/extract/extract-split.js';

const [mebi, tebi] = [2 ** 20, 2 ** 40];

test.each([
  [1e9, 1, 4, 3],
  [1e9, 2, 4, 6],
  [1e9, 64, 4, 128],
  [tebi, 2, 16, 6],
  [tebi, 64, 16, 51],
])('of %d bytes %d threads take chunks of %d MiB, into %d rooms', (sizeBytes, threads, chunkMiB, count) => {
  const { chunkBytes, rooms } = extractSizes(sizeBytes, threads);
  expect([chunkBytes / mebi, rooms]).toEqual([chunkMiB, count]);
  // With the record by which a chunk may pass its end.
  expect(rooms * (chunkBytes + 4 * mebi)).toBeLessThanOrEqual(1024 * mebi);
});
