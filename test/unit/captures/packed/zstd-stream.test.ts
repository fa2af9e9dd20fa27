import { inflateZstd } from '../../../../src/captures/packed/zstd-stream.js';
import { inflatedWhole, inPieces } from '../../../support/streams.js';

/** As the zstd tool packs it, with a checksum: 'trireme ' 64 times over. */
const packed = Buffer.from('KLUv/QRYfQAAQHRyaXJlbWUgAQD1UwsXtX5jog==', 'base64');
const inflate = (bytes: Uint8Array) => inflatedWhole(inflateZstd(inPieces(bytes, 7)));

/** With one byte of the compressed block changed. */
const damaged = Uint8Array.from(packed);
damaged[12] ^= 0xff;

describe('zstd', () => {
  test('is inflated from pieces, frame after frame', async () => {
    const { bytes, ...outcome } = await inflate(Buffer.concat([packed, packed]));
    expect(bytes.toString()).toBe('trireme '.repeat(128));
    expect(outcome).toEqual({ truncated: false, damage: null });
  });

  test('goes on behind zeros, and bytes behind its end are told', async () => {
    const zeros = Buffer.alloc(9);
    const { bytes, ...outcome } = await inflate(Buffer.concat([packed, zeros, packed, zeros, Buffer.from('rest')]));
    expect(bytes.toString()).toBe('trireme '.repeat(128));
    expect(outcome).toEqual({ truncated: false, damage: null, restBytes: 4 });
  });

  test('damaged and abandoned streams leave no memory behind, and disturb no later one', async () => {
    expect((await inflate(damaged)).damage).toMatch(/^zstd data or checksum damaged before offset \d+$/);
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 1000; round++) {
      await inflate(damaged);
      for await (const _piece of inflateZstd(inPieces(packed, 7)).bytes) break;
    }
    // Each would keep 350 KiB.
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(128);
    expect((await inflate(packed)).bytes.toString()).toBe('trireme '.repeat(64));
  });

  test('streams that are read at the same time do not disturb each other', async () => {
    const all = await Promise.all(Array.from({ length: 5 }, (_, i) => inflate(i === 2 ? damaged : packed)));
    expect(all.map(({ damage, bytes }) => damage === null && bytes.length === 512)).toEqual([
      true,
      true,
      false,
      true,
      true,
    ]);
  });
});
