import { randomFillSync } from 'node:crypto';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { inflateGzip } from '../../../../src/captures/packed/gzip-stream.js';
import { inflatedWhole, inPieces } from '../../../support/streams.js';

/** Half compressible, half not, and longer than one step. */
const data = Buffer.concat([Buffer.alloc(60_000, 'capture '), randomFillSync(Buffer.alloc(60_000))]);
const packed = gzipSync(data);
const trailerBytes = 8;

const inflate = (bytes: Uint8Array, pieceBytes = 10_000) => inflatedWhole(inflateGzip(inPieces(bytes, pieceBytes)));

/** Compares with equals(): jest takes seconds to compare large buffers itself. */
function expectSound({ bytes, ...outcome }: Awaited<ReturnType<typeof inflate>>, expected: Buffer): void {
  expect(outcome).toEqual({ truncated: false, damage: null });
  expect(bytes.equals(expected)).toBe(true);
}

describe('gzip', () => {
  test.each([1_000, 65_536])('is inflated from pieces of %i bytes', async (pieceBytes) => {
    expectSound(await inflate(packed, pieceBytes), data);
  });

  test('a small file comes byte by byte', async () => {
    const small = Buffer.from('a few bytes');
    expectSound(await inflate(gzipSync(small), 1), small);
  });

  test('members follow each other', async () => {
    const result = await inflate(Buffer.concat([packed, gzipSync(''), packed]));
    expectSound(result, Buffer.concat([data, data]));
  });

  test.each([1, 3, 600, 100_000])('%i zeros between members are padding', async (zeros) => {
    const result = await inflate(Buffer.concat([packed, Buffer.alloc(zeros), packed, Buffer.alloc(zeros)]), 700);
    expectSound(result, Buffer.concat([data, data]));
  });

  test.each([
    ['words', Buffer.from('hello world'), 11],
    ['words behind zeros', Buffer.from('\0\0\0xyz'), 3],
    ['half of a magic', Buffer.from([0x1f]), 1],
    ['more than is read at once', Buffer.alloc(100_000, 'x'), 100_000],
  ])('what is behind the end is counted, and is none of the data: %s', async (_what, rest, restBytes) => {
    const { bytes, ...outcome } = await inflate(Buffer.concat([packed, rest]), 700);
    expect(outcome).toEqual({ truncated: false, damage: null, restBytes });
    expect(bytes.equals(data)).toBe(true);
  });

  describe('a header with every optional field', () => {
    const trailer = packed.subarray(-trailerBytes);
    const header = [
      0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, /* extra */ 2, 0, 9, 9, /* name */ 65, 0, /* comment */ 66, 0,
    ];
    const crc = crc32(Buffer.from(header)) & 0xffff;
    const file = (sum: number) =>
      Buffer.concat([Buffer.from([...header, sum & 0xff, sum >> 8]), deflateRawSync(data), trailer]);

    test('is skipped', async () => expectSound(await inflate(file(crc)), data));

    test('is refused where its checksum is another', async () => {
      const { bytes, damage } = await inflate(file(crc ^ 1));
      expect(damage).toMatch(
        /^gzip header at offset 0 is damaged: its checksum is 0x[0-9a-f]{4}, that of its bytes 0x/,
      );
      expect(bytes).toHaveLength(0);
    });
  });

  test.each([
    ['in the header', 5, 0],
    ['in the data', packed.length >> 1, null],
    ['before the trailer', packed.length - trailerBytes, data.length],
    ['in the trailer', packed.length - 1, data.length],
  ])('a file cut %s is truncated, and what came before is given', async (_name, length, expected) => {
    const { bytes, truncated, damage } = await inflate(packed.subarray(0, length));
    expect({ truncated, damage }).toEqual({ truncated: true, damage: null });
    expect(bytes.equals(data.subarray(0, bytes.length))).toBe(true);
    if (expected !== null) expect(bytes.length).toBe(expected);
    else expect(bytes.length).toBeGreaterThan(20_000);
  });

  test('a wrong checksum is damage, found after all data was given', async () => {
    const wrong = Buffer.from(packed);
    wrong[wrong.length - trailerBytes] ^= 1;
    const { bytes, truncated, damage } = await inflate(wrong);
    expect(bytes.equals(data)).toBe(true);
    expect(truncated).toBe(false);
    expect(damage).toBe(`gzip checksum or length at offset ${packed.length - trailerBytes} differs from the data`);
  });

  test('damage inside the data is told, and all that zlib could inflate before it is given', async () => {
    const blockBytes = 50_000;
    const stored = Buffer.from([0, blockBytes & 255, blockBytes >> 8, ~blockBytes & 255, (~blockBytes >> 8) & 255]);
    const reservedType = 0x07;
    const wrong = Buffer.concat([
      packed.subarray(0, 10),
      stored,
      data.subarray(0, blockBytes),
      Buffer.alloc(1000, reservedType),
    ]);
    const { bytes, damage } = await inflate(wrong);
    expect(damage).toMatch(/^gzip data damaged before offset \d+$/);
    expect(bytes.equals(data.subarray(0, blockBytes))).toBe(true);
  });

  test('a second member that is damaged leaves the first', async () => {
    const { bytes, damage } = await inflate(Buffer.concat([packed, Buffer.from([0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0])]));
    expect(bytes.equals(data)).toBe(true);
    expect(damage).toBe(`gzip member at offset ${packed.length} has unknown compression method 7`);
  });
});
