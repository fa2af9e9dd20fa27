import { chunkBytesFor, type ScanWorker } from '../../../src/master/chunk-size.js';

const MiB = 2 ** 20;
const fast = (slots: number): ScanWorker => ({ slots, secondsPerByte: 1e-9 });

test.each<[string, number, ScanWorker[], number]>([
  ['a small capture is one chunk', 5 * MiB, [fast(2)], 8 * MiB],
  ['an even share of four chunks a slot', 800 * MiB, [fast(1), fast(1)], 100 * MiB],
  ['no more than 2,000 chunks, where these are enough for the slots', 2000 * 100 * MiB, [fast(600)], 100 * MiB],
  ['one for each slot of more', 3000 * 100 * MiB, [fast(3000)], 100 * MiB],
  ['no more than the largest chunk', 100_000 * MiB, [fast(2)], 512 * MiB],
  ['two seconds of the slowest slot', 8000 * MiB, [fast(4), { slots: 1, secondsPerByte: 2e-8 }], 1e8],
  ['never below the least chunk, however slow', 800 * MiB, [{ slots: 1, secondsPerByte: 1 }], 8 * MiB],
  ['an unknown speed bounds nothing', 800 * MiB, [{ slots: 1, secondsPerByte: 0 }], 200 * MiB],
])('%s', (_what, size, workers, expected) => {
  expect(chunkBytesFor(size, workers)).toBe(expected);
});

test('a packed file is cut into smaller chunks, because to inflate them takes longer', () => {
  expect(chunkBytesFor(5 * MiB, [fast(2)], true)).toBe(2 * MiB);
  expect(chunkBytesFor(800 * MiB, [fast(1), fast(1)], true)).toBe(100 * MiB);
});
