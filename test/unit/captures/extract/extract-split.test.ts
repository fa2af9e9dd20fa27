import { extractChunkBytes } from '../../../../src/captures/extract/extract-split.js';

const mebi = 2 ** 20;

test.each([
  [1, 32],
  [2, 32],
  [16, 28],
  [64, 4],
])('on %d threads chunks of %d MiB wait for those before them within 1 GiB', (threads, chunkMiB) => {
  const bytes = extractChunkBytes(threads);
  expect(bytes).toBe(chunkMiB * mebi);
  // Of each thread two, with the record by which they may pass their end.
  expect(threads * 2 * (bytes + 4 * mebi)).toBeLessThanOrEqual(1024 * mebi);
});
