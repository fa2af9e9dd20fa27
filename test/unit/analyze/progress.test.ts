import { progressText } from '../../../src/analyze/progress.js';

test.each<[number, number | null, number, string]>([
  [1.2e9, 4e9, 0.6, '1.20 GB of 4.00 GB, 2.00 GB/s, 1.4 s left'],
  [5e6, null, 2, '5.00 MB, 2.50 MB/s'],
  [0, 100, 1, '0 B of 100 B, 0 B/s'],
  [100, 100, 1, '100 B of 100 B, 100 B/s, 0 ns left'],
])('%s of %s bytes after %s s', (done, total, seconds, text) => {
  expect(progressText(done, total, seconds)).toBe(text);
});
