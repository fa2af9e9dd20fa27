import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import type { Compression } from '../../../../src/captures/packed/compression.js';
import { inflateBoundDefault } from '../../../../src/captures/packed/inflate-bound.js';
import { adversarial, lz4Packed, zstdStored } from '../../../support/capture-builder.js';
import { lossyTraces } from '../../../support/capture-builder/tcp-traces.js';
import { scanOptions } from '../../../support/engine.js';
import { scanByRanges, scanInOrder } from '../../../support/packed-ranges.js';
import { holdsAsync, runsFactor } from '../../../support/property.js';

const pack: Readonly<Record<Compression, (bytes: Uint8Array) => Uint8Array>> = {
  gzip: (bytes) => gzipSync(bytes, { level: 1 }),
  zstd: zstdStored,
  lz4: lz4Packed,
};

const captures = {
  plain: adversarial.plain(300),
  blocks: adversarial.plainPcapng(200),
  sections: adversarial.restlessPcapng(4, 30),
  inside: adversarial.capturesInside(8, 60),
  damaged: adversarial.damageInTheMiddle(300),
  huge: adversarial.hugePackets(3, 60_000, true),
  lossy: lossyTraces(12),
};

/** The bytes in members or frames of these sizes, used in turn. */
function inParts(bytes: Uint8Array, sizes: readonly number[], compression: Compression, padding: number): Buffer {
  const parts: Uint8Array[] = [];
  for (let at = 0, i = 0; at < bytes.length || at === 0; at += sizes[i++ % sizes.length]) {
    parts.push(pack[compression](bytes.subarray(at, at + sizes[i % sizes.length])));
    if (padding > 0 && i % 7 === 0) parts.push(new Uint8Array(padding));
  }
  return Buffer.concat(parts);
}

test.each<Compression>(['gzip', 'zstd', 'lz4'])(
  'of a sound file of %s no chunk is the rest of the file',
  async (compression) => {
    for (const capture of [captures.plain, captures.sections, captures.lossy]) {
      const bytes = inParts(capture, [3000, 1, 800], compression, 5);
      const asked = { compression, chunkBytes: Math.ceil(bytes.length / 6) };
      const { entry, asked: done } = (await scanByRanges(bytes, asked))!;
      expect(entry).toEqual(await scanInOrder(bytes, asked));
      expect(done).toMatchObject({ planned: 6, inOrder: false });
    }
  },
);

test('of a member that seems to be one and is not, the ranges before count, and the rest is one chunk', async () => {
  // What is stored holds a member of gzip.
  const inside = gzipSync(captures.blocks);
  const record = Buffer.alloc(16 + inside.length);
  record.writeUInt32LE(inside.length, 8);
  record.writeUInt32LE(inside.length, 12);
  const stored = gzipSync(Buffer.concat([record.fill(inside, 16)]), { level: 0 });
  const before = inParts(captures.plain, [3000], 'gzip', 0);
  const bytes = Buffer.concat([before, stored, gzipSync(record)]);
  const asked = { compression: 'gzip' as const, chunkBytes: before.length + 20 };
  const { entry, asked: done } = (await scanByRanges(bytes, asked))!;
  expect(entry).toEqual(await scanInOrder(bytes, asked));
  expect(done).toMatchObject({ planned: 2, again: 1, inOrder: true });
});

test('a record whose end is past the bound of a whole file is not counted', async () => {
  const bytes = inParts(captures.plain, [3000], 'zstd', 0);
  const bound = { freeBytes: 72_001, ratioMax: 0 };
  const asked = { compression: 'zstd' as const, chunkBytes: 9000, pieceBytes: 1e6, bound };
  const { entry } = (await scanByRanges(bytes, asked))!;
  expect(entry).toMatchObject({ error: 'damaged' });
  expect(entry).toEqual(await scanInOrder(bytes, asked));
});

/** A file as it is, cut, or with a bit changed, seldom in its first bytes, which would leave nothing to cut. */
const harm = fc.oneof(
  fc.constant((file: Buffer) => file),
  fc.double({ min: 0.05, max: 1, noNaN: true }).map((place) => (file: Buffer) => file.subarray(0, place * file.length)),
  fc.tuple(fc.double({ min: 0.05, max: 1, noNaN: true }), fc.nat(7)).map(([place, bit]) => (file: Buffer) => {
    const changed = Buffer.from(file);
    changed[Math.floor(place * (file.length - 1))] ^= 1 << bit;
    return changed;
  }),
);

test('ranges of a packed file, scanned in any order, tell what one core tells, whole, cut or damaged', async () => {
  const seen = { cut: 0, inOrder: 0, again: 0, whole: 0 };
  await holdsAsync(
    fc.record({
      name: fc.constantFrom(...(Object.keys(captures) as (keyof typeof captures)[])),
      compression: fc.constantFrom<Compression>('gzip', 'zstd', 'lz4'),
      sizes: fc.array(fc.oneof(fc.integer({ min: 200, max: 9000 }), fc.integer({ min: 1, max: 40 })), {
        minLength: 1,
        maxLength: 8,
      }),
      padding: fc.constantFrom(0, 0, 0, 5),
      behind: fc.constantFrom(0, 0, 0, 4),
      harmed: harm,
      ranges: fc.integer({ min: 2, max: 12 }),
      pieceBytes: fc.integer({ min: 500, max: 6000 }),
      bound: fc.constantFrom(inflateBoundDefault, inflateBoundDefault, { freeBytes: 20_000, ratioMax: 8 }),
      tcp: fc.boolean(),
      seed: fc.nat(1000),
    }),
    async ({ name, compression, sizes, padding, behind, harmed, ranges, seed, tcp, ...reading }) => {
      // Thousands of members are as good as hundreds: on average one has 100 bytes or more.
      const mean = sizes.reduce((sum, size) => sum + size) / sizes.length;
      const least = Math.max(1, Math.round(100 / mean));
      const packed = inParts(
        captures[name],
        sizes.map((size) => size * least),
        compression,
        padding,
      );
      const bytes = harmed(Buffer.concat([packed, Buffer.alloc(behind, 1)]));
      let turn = seed;
      const choose = (count: number): number => (turn = (turn * 1103515245 + 12345) % 2 ** 31) % count;
      const chunkBytes = Math.ceil(bytes.length / ranges);
      const asked = { ...reading, compression, chunkBytes, choose, scan: { ...scanOptions, tcp } };
      const byRanges = await scanByRanges(bytes, asked);
      if (byRanges === null) return;
      expect(byRanges.entry).toEqual(await scanInOrder(bytes, asked));
      seen.cut++;
      if (byRanges.asked.inOrder) seen.inOrder++;
      else seen.whole++;
      if (byRanges.asked.again > 0) seen.again++;
    },
    320,
  );
  if (runsFactor < 0.25) return;
  expect(seen.cut).toBeGreaterThan(15);
  expect(Math.min(seen.inOrder, seen.again, seen.whole)).toBeGreaterThan(1);
}, 120_000);
