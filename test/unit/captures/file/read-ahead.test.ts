import { closeSync, openSync } from 'node:fs';
import { readAhead } from '../../../../src/captures/file/read-ahead.js';
import { scratchFolder } from '../../../support/scratch.js';
import { gathered } from '../../../support/streams.js';

const scratch = scratchFolder();
const bytes = Buffer.alloc(3_000_000);
for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 7919) >> 9;
const path = scratch.file('bytes', bytes);

async function opened<T>(use: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(path, 'r');
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}

test.each([
  [0, 3_000_000],
  [5, 262_144],
  [1000, 1_500_001],
  [0, 0],
])('from %i so many bytes come: %i', (from, size) =>
  opened(async (fd) => {
    expect((await gathered(readAhead(fd, size, from))).equals(bytes.subarray(from, from + size))).toBe(true);
  }),
);

test('a file that is shorter than it was said to be ends where it ends', () =>
  opened(async (fd) => expect(await gathered(readAhead(fd, 5_000_000))).toHaveLength(bytes.length)));

test('a piece is as it was until two more were asked for', () =>
  opened(async (fd) => {
    const stream = readAhead(fd, bytes.length);
    const pieces: Uint8Array[] = [];
    let at = 0;
    for await (const piece of stream) {
      pieces.push(piece);
      for (const [back, old] of pieces.slice(-2).reverse().entries()) {
        const start = at - (back === 0 ? 0 : old.length);
        expect(bytes.subarray(start, start + old.length).equals(old)).toBe(true);
      }
      at += piece.length;
    }
  }));

test('who stops early waits for the read under way, so that the file may be closed', async () => {
  await opened(async (fd) => {
    for await (const piece of readAhead(fd, bytes.length)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});
