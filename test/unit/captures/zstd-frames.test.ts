import { ByteReader } from '../../../src/captures/byte-reader.js';
import { StreamCut } from '../../../src/captures/inflated.js';
import { windowBytesMax, zstdPieces } from '../../../src/captures/zstd-frames.js';
import { zstdStored } from '../../support/capture-builder.js';
import { inPieces } from '../../support/streams.js';

const data = Uint8Array.from({ length: 300_000 }, (_, i) => i);
const frame = zstdStored(data);
const headerBytes = 13;
const skippable = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

async function piecesOf(bytes: Uint8Array, pieceBytes = 4096): Promise<number[]> {
  const lengths: number[] = [];
  for await (const piece of zstdPieces(new ByteReader(inPieces(bytes, pieceBytes)))) lengths.push(piece.length);
  return lengths;
}

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** A frame header with a window descriptor, no sizes, and one empty last block. */
const withWindow = (descriptor: number): Uint8Array =>
  Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor, 1, 0, 0]);

describe('zstd frames', () => {
  test.each([1, 1000, 1_000_000])('fall into a header and blocks, from pieces of %i', async (pieceBytes) => {
    const small = zstdStored(data.subarray(0, 100));
    expect(await piecesOf(small, pieceBytes)).toEqual([headerBytes, 103]);
  });

  test('long data has blocks of 128 KiB', async () => {
    expect(await piecesOf(frame)).toEqual([headerBytes, 131_075, 131_075, 37_859]);
  });

  test('skippable frames are passed over, and a frame may follow another', async () => {
    const one = [headerBytes, 131_075, 131_075, 37_859];
    expect(await piecesOf(joined(skippable, frame, skippable, frame, skippable))).toEqual([...one, ...one]);
  });

  test('bytes after the last frame that begin none are ignored', async () => {
    expect(await piecesOf(joined(zstdStored(data.subarray(0, 1)), Uint8Array.from([1, 2, 3])))).toHaveLength(2);
  });

  test.each([3, 12, 15, 200_000, frame.length - 1])('a file cut after %i bytes is cut, not damaged', async (length) => {
    const cut = piecesOf(joined(skippable, frame.subarray(0, length)));
    if (length === 3) await expect(cut).resolves.toEqual([]);
    else await expect(cut).rejects.toThrow(StreamCut);
  });

  test('a window up to the bound is taken, one past it is refused with both numbers', async () => {
    expect(windowBytesMax).toBe(2 ** 27);
    expect(await piecesOf(withWindow(17 << 3))).toEqual([6, 3]);
    await expect(piecesOf(withWindow((17 << 3) | 1))).rejects.toThrow(
      'needs a window of 150994944 bytes, over windowBytesMax 134217728',
    );
    await expect(piecesOf(withWindow(0xff))).rejects.toThrow('needs a window of');
  });

  test.each([
    ['a dictionary', [0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7, 1, 0, 0], 'needs a dictionary'],
    ['a reserved flag', [0x28, 0xb5, 0x2f, 0xfd, 8, 0, 1, 0, 0], 'sets a reserved flag'],
    ['a reserved block type', [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 7, 0, 0], 'is malformed'],
    ['a block over 128 KiB', [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0xff], 'is malformed'],
  ])('%s is refused', async (_name, bytes, message) => {
    await expect(piecesOf(Uint8Array.from(bytes))).rejects.toThrow(message);
  });
});
