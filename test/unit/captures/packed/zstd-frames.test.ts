import { ByteReader } from '../../../../src/captures/file/byte-reader.js';
import { StreamCut } from '../../../../src/captures/packed/inflated.js';
import { windowBytesMax, zstdPieces } from '../../../../src/captures/packed/zstd-frames.js';
import { zstdStored } from '../../../support/capture-builder.js';
import { inPieces } from '../../../support/streams.js';

const data = Uint8Array.from({ length: 300_000 }, (_, i) => i);
const frame = zstdStored(data);
const headerBytes = 13;
const skippable = Uint8Array.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

async function piecesOf(bytes: Uint8Array, pieceBytes = 1_000_000): Promise<number[]> {
  const lengths: number[] = [];
  for await (const piece of zstdPieces(new ByteReader(inPieces(bytes, pieceBytes)))) lengths.push(piece.length);
  return lengths;
}

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

/** A frame header with a window descriptor, no sizes, and one empty last block. */
const withWindow = (descriptor: number): Uint8Array =>
  Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, descriptor, 1, 0, 0]);

describe('zstd frames', () => {
  test.each([
    [1, 3000],
    [7, 20_000],
    [1000, 300_000],
    [1_000_000, 300_000],
  ])('are handed on whole, from pieces of %i', async (pieceBytes, dataBytes) => {
    const bytes = zstdStored(data.subarray(0, dataBytes));
    const lengths = await piecesOf(bytes, pieceBytes);
    expect(lengths[0]).toBe(headerBytes);
    expect(lengths.reduce((sum, length) => sum + length)).toBe(bytes.length);
    // What lies in a piece of the stream is not copied, whatever block it is of.
    expect(lengths.length).toBeLessThanOrEqual(2 + 3 + Math.ceil(bytes.length / Math.min(3, pieceBytes)));
  });

  test('long data has blocks of 128 KiB', async () => {
    expect(await piecesOf(frame)).toEqual([headerBytes, 131_075, 131_075, 37_859]);
  });

  test('skippable frames are passed over, and a frame may follow another', async () => {
    const one = [headerBytes, 131_075, 131_075, 37_859];
    expect(await piecesOf(joined(skippable, frame, skippable, frame, skippable))).toEqual([...one, ...one]);
  });

  test.each([1, 3, 4, 5, 70_000])('%i zeros between frames are padding', async (zeros) => {
    const one = [headerBytes, 131_075, 131_075, 37_859];
    const padding = new Uint8Array(zeros);
    expect(await piecesOf(joined(frame, padding, skippable, padding, frame, padding))).toEqual([...one, ...one]);
  });

  test.each([
    ['words', [1, 2, 3], 3],
    ['words behind zeros', [0, 0, 0, 0, 7, 8, 9, 9, 9, 9], 6],
    ['half of a magic', [0x28, 0xb5], 2],
    ['nothing but zeros', [0, 0, 0, 0, 0], 0],
  ])('bytes after the last frame that begin none are counted: %s', async (_what, rest, count) => {
    const pieces = zstdPieces(
      new ByteReader(inPieces(joined(zstdStored(data.subarray(0, 1)), Uint8Array.from(rest)), 3)),
    );
    let last = await pieces.next();
    while (last.done !== true) last = await pieces.next();
    expect(last.value).toBe(count);
  });

  test.each([12, 15, 200_000, frame.length - 1])('a file cut after %i bytes is cut, not damaged', async (length) => {
    await expect(piecesOf(joined(skippable, frame.subarray(0, length)))).rejects.toThrow(StreamCut);
  });

  test.each([
    ['nothing', [], 'no zstd frame at offset 11'],
    ['LZ4', [4, 0x22, 0x4d, 0x18], 'but one of LZ4; unpack it without what is before: tail -c +12 FILE'],
  ])('skippable frames and then %s are no zstd', async (_what, rest, words) => {
    await expect(piecesOf(joined(skippable, Uint8Array.from(rest)))).rejects.toThrow(words);
  });

  test('a window up to the bound is taken, one past it is refused with both numbers', async () => {
    expect(windowBytesMax).toBe(2 ** 27);
    expect(await piecesOf(withWindow(17 << 3))).toEqual([6, 3]);
    await expect(piecesOf(withWindow((17 << 3) | 1))).rejects.toThrow(
      'needs a window of 150994944 bytes, over the 134217728 that it may have; unpack it: zstd -dc --memory=144MB FILE',
    );
    await expect(piecesOf(withWindow(0xff))).rejects.toThrow('all that zstd itself takes: its header is damaged');
  });

  test.each([
    [
      'a dictionary',
      [0x28, 0xb5, 0x2f, 0xfd, 1, 0, 7, 1, 0, 0],
      'needs the dictionary 7; unpack it: zstd -dc -D DICTIONARY',
    ],
    ['a reserved flag', [0x28, 0xb5, 0x2f, 0xfd, 8, 0, 1, 0, 0], 'sets a reserved flag'],
    ['a reserved block type', [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 7, 0, 0], 'is malformed'],
    ['a block over 128 KiB', [0x28, 0xb5, 0x2f, 0xfd, 0, 0, 1, 0, 0xff], 'is malformed'],
  ])('%s is refused', async (_name, bytes, message) => {
    await expect(piecesOf(Uint8Array.from(bytes))).rejects.toThrow(message);
  });
});
