import { gzipSync } from 'node:zlib';
import { inflateBounded } from '../../../../src/captures/packed/inflate-bound.js';
import { inflateGzip } from '../../../../src/captures/packed/gzip-stream.js';
import { inflatedWhole, inPieces } from '../../../support/streams.js';

const bound = { freeBytes: 2 ** 20, ratioMax: 100 };
const bombBytes = 64 * 2 ** 20;

describe('packed bytes that inflate without end', () => {
  test('end at the bound, which is named', async () => {
    const packed = gzipSync(Buffer.alloc(bombBytes));
    const { bytes, truncated, damage } = await inflatedWhole(
      inflateBounded(inPieces(packed, 1000), inflateGzip, bound),
    );
    expect(bytes.length).toBeGreaterThan(2 ** 19);
    expect(bytes.length).toBeLessThan(bombBytes / 2);
    expect(truncated).toBe(false);
    expect(damage).toMatch(/^\d+ packed bytes inflate to over \d+, past 1048576 bytes and 100 times their size; /);
  });

  test('below freeBytes the ratio does not matter, and above it a usual ratio does not', async () => {
    const zeros = Buffer.alloc(1_000_000);
    const small = await inflatedWhole(inflateBounded(inPieces(gzipSync(zeros), 1000), inflateGzip, bound));
    expect([small.bytes.length, small.damage]).toEqual([1_000_000, null]);
    const text = Buffer.from(Array.from({ length: 400_000 }, (_, i) => `line ${i} `).join(''));
    const large = await inflatedWhole(inflateBounded(inPieces(gzipSync(text), 1000), inflateGzip, bound));
    expect([large.bytes.equals(text), large.damage]).toEqual([true, null]);
  });

  test('a cut and damage inside are told as without a bound', async () => {
    const packed = gzipSync(Buffer.alloc(1000, 'abc'));
    const cut = await inflatedWhole(inflateBounded(inPieces(packed.subarray(0, -4), 10), inflateGzip));
    expect(cut).toMatchObject({ truncated: true, damage: null });
    const spoilt = Buffer.from(packed);
    spoilt[spoilt.length - 1] ^= 1;
    const damaged = await inflatedWhole(inflateBounded(inPieces(spoilt, 10), inflateGzip));
    expect(damaged).toMatchObject({ truncated: false, damage: expect.stringContaining('checksum') as string });
  });
});
