import { ByteReader } from '../../../../src/captures/file/byte-reader.js';
import { gathered, inPieces } from '../../../support/streams.js';

const bytes = Uint8Array.from({ length: 50 }, (_, i) => i);

describe('a byte reader', () => {
  test.each([1, 3, 7, 50])('hands out the same bytes from pieces of %i', async (piece) => {
    const reader = new ByteReader(inPieces(bytes, piece));
    expect([...(await reader.peek(4))]).toEqual([0, 1, 2, 3]);
    expect([...(await reader.upTo(10))]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(reader.position).toBe(10);
    expect([...(await gathered(reader.remaining(6)))]).toEqual([...bytes.subarray(10)]);
  });

  test('gives fewer bytes at the end, and then null', async () => {
    const reader = new ByteReader(inPieces(bytes, 20));
    await reader.upTo(45);
    expect([...(await reader.upTo(10))]).toEqual([45, 46, 47, 48, 49]);
    expect(await reader.some(1)).toBeNull();
  });

  test('hands out again what was given back', async () => {
    const reader = new ByteReader(inPieces(bytes, 8));
    const some = await reader.some(8);
    reader.unread(some!.subarray(5));
    expect(reader.position).toBe(5);
    expect([...(await reader.upTo(4))]).toEqual([5, 6, 7, 8]);
  });

  test('lets go of its stream when the reader of the rest stops early', async () => {
    let released = false;
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytes;
      } finally {
        released = true;
      }
    };
    for await (const _ of new ByteReader(stream()).remaining(10)) break;
    expect(released).toBe(true);
  });
});

test('what has come already is handed out without waiting, and nothing else is', async () => {
  const reader = new ByteReader(inPieces(Uint8Array.of(1, 2, 3, 4, 5), 3));
  expect(reader.held(1)).toBeNull();
  await reader.peek(1);
  expect([...reader.held(2)!]).toEqual([1, 2]);
  expect(reader.heldBytes).toBe(1);
  expect(reader.held(2)).toBeNull();
  expect(reader.position).toBe(2);
  expect([...(await reader.upTo(9))]).toEqual([3, 4, 5]);
});
