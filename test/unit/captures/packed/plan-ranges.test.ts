import { gzipSync } from 'node:zlib';
import {
  findPart,
  searchBytesMax,
  triesMax,
  type PackedFile,
} from '../../../../src/captures/packed/ranges/find-part.js';
import { barrenCutsMax, planRanges } from '../../../../src/captures/packed/ranges/plan-ranges.js';
import { adversarial, lz4Packed, zstdStored } from '../../../support/capture-builder.js';
import { scanModule, scanOptions } from '../../../support/engine.js';
import { aligned } from '../../../support/member-source.js';

/** A file of zeros with these bytes in it, and how many bytes of it were read. */
function sparse(sizeBytes: number, parts: ReadonlyMap<number, Uint8Array>): PackedFile & { read_: number } {
  return {
    sizeBytes,
    read_: 0,
    read(at, length) {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, sizeBytes - at)));
      this.read_ += bytes.length;
      for (const [place, part] of parts) {
        for (let i = Math.max(0, at - place); i < part.length && place + i < at + bytes.length; i++)
          bytes[place + i - at] = part[i];
      }
      return bytes;
    },
    stream: (from) => aligned(parts.get(0)!, 3000, from),
  };
}

const capture = adversarial.plain(50);
const cut = Buffer.from('1f8b0800', 'hex');

test.each([
  ['gzip', gzipSync(capture)],
  ['zstd', zstdStored(capture)],
  ['lz4', lz4Packed(capture)],
] as const)('the next part of a %s file is found, and what only begins like one is not', async (compression, part) => {
  const broken = Buffer.from(part).fill(0xff, 4, 30);
  const file = sparse(
    200_000,
    new Map<number, Uint8Array>([
      [1000, broken],
      [90_001, part],
    ]),
  );
  expect(await findPart(file, compression, 500, 200_000)).toBe(90_001);
  expect(await findPart(file, compression, 90_001, 200_000)).toBe(90_001);
  expect(await findPart(file, compression, 90_002, 200_000)).toBeNull();
  // It belongs to whoever looks behind.
  expect(await findPart(file, compression, 500, 90_001)).toBeNull();
});

test('a part that begins across two pieces that are read is found', async () => {
  const member = gzipSync(capture);
  for (const place of [2 ** 20 - 2, 2 ** 20 - 1, 2 ** 20])
    expect(await findPart(sparse(2 ** 21, new Map([[place, member]])), 'gzip', 0, 2 ** 21)).toBe(place);
});

test('a search ends behind so many bytes, and so many places that were none', async () => {
  const member = gzipSync(capture);
  const far = new Map([[searchBytesMax + 100, member]]);
  expect(await findPart(sparse(2 * searchBytesMax, far), 'gzip', 100, 2 * searchBytesMax)).toBeNull();
  expect(await findPart(sparse(2 * searchBytesMax, far), 'gzip', 101, 2 * searchBytesMax)).toBe(searchBytesMax + 100);
  const many = (count: number): PackedFile => {
    const places = Array.from({ length: count }, (_, i) => [10 * i, cut] as const);
    return sparse(10_000, new Map<number, Uint8Array>([...places, [5000, member]]));
  };
  expect(await findPart(many(triesMax - 1), 'gzip', 0, 10_000)).toBe(5000);
  expect(await findPart(many(triesMax), 'gzip', 0, 10_000)).toBeNull();
});

test('of a file of one member only its first bytes are searched', async () => {
  const file = sparse(1e9, new Map([[0, gzipSync(capture)]]));
  expect(await planRanges(scanModule, file, 'gzip', 2 ** 20, scanOptions)).toBeNull();
  expect(file.read_).toBeGreaterThan(barrenCutsMax * 2 ** 20 * 0.9);
  expect(file.read_).toBeLessThan(barrenCutsMax * 2 ** 20 * 1.1);
});

test('ranges follow one another, and none can inflate into the positions of the next', async () => {
  const member = gzipSync(capture);
  const bytes = Buffer.concat(Array.from({ length: 40 }, () => member));
  const file = { sizeBytes: bytes.length, read: (at: number, n: number) => bytes.subarray(at, at + n) };
  const stream = (from: number) => aligned(bytes, 3000, from);
  const { plans } = (await planRanges(scanModule, { ...file, stream }, 'gzip', bytes.length / 4, scanOptions))!;
  expect(plans).toHaveLength(4);
  for (const [i, { start, end, packed }] of plans.entries()) {
    const next = plans.at(i + 1 === plans.length ? plans.length : i + 1);
    expect(packed).toMatchObject({ position: start, to: next?.packed?.from ?? null });
    expect(end).toBe(next?.start ?? null);
    expect(packed!.from % member.length).toBe(0);
    expect(packed!.bytesMax).toBeGreaterThan(8e9);
  }
});
