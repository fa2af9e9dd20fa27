import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { inflateLz4 } from '../../../../src/captures/packed/lz4-stream.js';
import {
  join,
  lz4Legacy,
  lz4Packed,
  u8,
  writer,
  xxh32,
  zeros,
  type Lz4Options,
} from '../../../support/capture-builder.js';
import { propertySeed } from '../../../support/property.js';
import { scratchFolder } from '../../../support/scratch.js';
import { inflatedWhole, inPieces } from '../../../support/streams.js';

const { u32 } = writer('little');
const inflate = (bytes: Uint8Array, pieceBytes = 10_000) => inflatedWhole(inflateLz4(inPieces(bytes, pieceBytes)));
const sound = { truncated: false, damage: null };

/** Compares with equals(): jest takes seconds to compare large buffers itself. */
function expectSound({ bytes, ...outcome }: Awaited<ReturnType<typeof inflate>>, expected: Uint8Array): void {
  expect(outcome).toEqual(sound);
  expect(bytes.equals(expected)).toBe(true);
}

/** Runs, matches near and far, and noise, longer than what matches reach. */
function mixed(kind: number, length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const random = state >>> 16;
    const back = kind === 1 ? 1 + (seed % 20) : kind === 2 ? 60_000 : 1 + (random % 300);
    if (kind === 0) bytes[i] = random;
    else bytes[i] = i >= back && random % 50 > 0 ? bytes[i - back] : random >>> 4;
  }
  return bytes;
}

const cases = fc.record({
  data: fc
    .tuple(
      fc.nat({ max: 4 }),
      fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 90_000 })),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    )
    .map(([kind, length, seed]) => mixed(kind, length, seed)),
  options: fc.record({
    linked: fc.boolean(),
    blockChecksums: fc.boolean(),
    contentChecksum: fc.boolean(),
    contentSize: fc.boolean(),
    stored: fc.constantFrom(false, false, false, true),
    blockSizeCode: fc.integer({ min: 4, max: 7 }),
    blockBytes: fc.constantFrom(17, 1000, 65_536, 65_536),
  }),
  pieceBytes: fc.constantFrom(1, 7, 1000, 300_000),
});

describe('LZ4', () => {
  test('is unpacked to its very end, whatever the flags and the pieces', async () => {
    for (const { data, options, pieceBytes } of fc.sample(cases, { seed: propertySeed, numRuns: 50 })) {
      const blockBytes = data.length > 10_000 ? 65_536 : options.blockBytes;
      const packed = lz4Packed(data, { ...options, blockBytes });
      const result = await inflate(packed, packed.length > 10_000 ? 1000 : pieceBytes);
      expectSound(result, data);
    }
  });

  test('blocks of 4 MiB and long runs come in pieces of at most 320 KiB', async () => {
    const data = join(zeros(4_300_000), mixed(0, 400_000, 5), mixed(1, 300_000, 11));
    const largest = Math.max(...(await lengths(lz4Packed(data))));
    expect(largest).toBe(320 * 1024);
    expectSound(await inflate(lz4Packed(data)), data);
  });

  test('what a match may reach is 64 KiB, over blocks that refer to each other', async () => {
    const data = mixed(2, 300_000, 3);
    const packed = lz4Packed(data, { linked: true, blockSizeCode: 4 });
    expect(packed.length).toBeLessThan(lz4Packed(data, { blockSizeCode: 4 }).length);
    expectSound(await inflate(packed), data);
  });

  test.each([1000, 8 * 2 ** 20])('the legacy form, in blocks of %i', async (blockBytes) => {
    const data = mixed(3, 120_000, 4);
    expectSound(await inflate(lz4Legacy(data, blockBytes)), data);
    expectSound(await inflate(join(lz4Legacy(data), lz4Packed(data), lz4Legacy(data))), join(data, data, data));
  });

  const small = mixed(3, 3000, 9);
  const packed = lz4Packed(small);
  const skippable = join(u32(0x184d2a53), u32(5), u8(1, 2, 3, 4, 5));

  test.each([0, 1, 4, 5, 70_000])(
    'frames follow each other, behind %i zeros and skippable frames too',
    async (count) => {
      const padding = zeros(count);
      const parts = [
        skippable,
        packed,
        padding,
        skippable,
        padding,
        packed,
        padding,
        lz4Legacy(small),
        padding,
        packed,
      ];
      expectSound(await inflate(join(...parts, padding, skippable), 700), join(small, small, small, small));
    },
  );

  test.each([
    ['words', [1, 2, 3], 3],
    ['words behind zeros', [0, 0, 0, 7, 8, 9, 9, 9], 5],
    ['half of a magic', [4, 0x22], 2],
  ])('what is behind the last frame is counted: %s', async (_what, rest, restBytes) => {
    const behind = Uint8Array.from(rest);
    for (const form of [packed, lz4Legacy(small)]) {
      if (form !== packed && rest[3] === undefined) continue;
      const { bytes, ...outcome } = await inflate(join(form, behind), 7);
      expect(outcome).toEqual({ ...sound, restBytes });
      expect(bytes.equals(small)).toBe(true);
    }
  });

  test('a frame cut at any byte is cut, and what came before is given', async () => {
    const file = lz4Packed(small.subarray(0, 450), { blockBytes: 150, linked: true });
    for (let length = 4; length < file.length; length++) {
      const { bytes, ...outcome } = await inflate(file.subarray(0, length));
      expect(outcome).toEqual({ truncated: true, damage: null });
      expect(bytes.equals(small.subarray(0, bytes.length))).toBe(true);
    }
    const { bytes } = await inflate(file.subarray(0, file.length - 9));
    expect(bytes.length).toBeGreaterThan(400);
  });

  test('of a cut block with a checksum nothing is given', async () => {
    const file = lz4Packed(small, { blockChecksums: true });
    expect((await inflate(file.subarray(0, file.length - 20))).bytes).toHaveLength(0);
  });

  test.each<[string, Lz4Options]>([
    ['a checksum of the content', {}],
    ['checksums of blocks', { contentChecksum: false, blockChecksums: true, blockBytes: 200 }],
    ['both', { blockChecksums: true, linked: true, contentSize: true, blockBytes: 300 }],
  ])('a flipped bit anywhere is never sound with %s', async (_what, options) => {
    const data = small.subarray(0, 500);
    const file = lz4Packed(data, options);
    for (let at = 0; at < file.length; at++) {
      const wrong = Uint8Array.from(file);
      wrong[at] ^= 1 << (at % 8);
      const { bytes, truncated, damage, restBytes } = await inflate(wrong);
      if (truncated || damage !== null || restBytes !== undefined) continue;
      throw new Error(`a flip at ${at} gave ${bytes.length} bytes without a word`);
    }
  });

  test('damage inside is told, and all before it is given', async () => {
    const data = mixed(0, 200_000, 2);
    const file = lz4Packed(data, { blockBytes: 65_536, blockChecksums: true });
    file[150_000] ^= 1;
    const { bytes, damage } = await inflate(file);
    expect(damage).toMatch(/^LZ4 block at offset 131\d\d\d differs from its checksum$/);
    expect(bytes.equals(data.subarray(0, 131_072))).toBe(true);
  });
});

async function lengths(packed: Uint8Array): Promise<number[]> {
  const all: number[] = [];
  for await (const piece of inflateLz4(inPieces(packed, 100_000)).bytes) all.push(piece.length);
  return all;
}

/** A frame of one block with those bytes and no checksum of content. */
function withBlock(block: Uint8Array, flags = 0x60): Uint8Array {
  const descriptor = u8(flags, 0x40);
  return join(u32(0x184d2204), descriptor, u8((xxh32(descriptor) >>> 8) & 255), u32(block.length), block, u32(0));
}

describe('refused in words', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'a dictionary',
      lz4Packed(u8(1), { dictionary: 77 }),
      /needs the dictionary 77; unpack it: lz4 -dc -D DICTIONARY FILE/,
    ],
    [
      'another version',
      u8(4, 0x22, 0x4d, 0x18, 0x80, 0x40, 0),
      /^LZ4 frame at offset 0 has version 2; version 1 is read/,
    ],
    ['a reserved flag', u8(4, 0x22, 0x4d, 0x18, 0x62, 0x40, 0), /sets a reserved flag/],
    ['a block size of its own', u8(4, 0x22, 0x4d, 0x18, 0x60, 0x30, 0), /unknown block size 3/],
    ['a damaged header', u8(4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0), /has a damaged header/],
    ['a match before the start', withBlock(u8(0x10, 1, 2, 0, 0x50, 1, 2, 3, 4, 5)), /block at offset 7 is malformed/],
    ['a distance of 0', withBlock(u8(0x10, 1, 0, 0, 0x50, 1, 2, 3, 4, 5)), /is malformed/],
    ['a block that ends in a match', withBlock(u8(0x10, 1, 1, 0)), /is malformed/],
    ['literals that are not there', withBlock(u8(0x50, 1, 2)), /is malformed/],
    ['a block longer than it may be', withBlock(zeros(65_537)), /is malformed/],
    [
      'a block that unpacks to more than it may',
      withBlock(join(u8(0x1f, 1, 1, 0), new Uint8Array(256).fill(255), u8(255, 0, 0x50, 1, 2, 3, 4, 5))),
      /is malformed/,
    ],
    ['no frame', join(u32(0x184d2a50), u32(0), u8(1, 2, 3, 4)), /^no LZ4 frame at offset 8$/],
  ])('%s', async (_name, bytes, words) => {
    const { damage, truncated } = await inflate(bytes);
    expect(damage).toMatch(words);
    expect(truncated).toBe(false);
  });

  test('blocks that do not refer to each other may not reach into the last one', async () => {
    const block = u8(0x10, 1, 2, 0, 0x50, 1, 2, 3, 4, 5);
    const first = u8(0x50, 1, 2, 3, 4, 5);
    const both = (flags: number): Uint8Array => {
      const descriptor = u8(flags, 0x40);
      const head = join(u32(0x184d2204), descriptor, u8((xxh32(descriptor) >>> 8) & 255));
      return join(head, u32(first.length), first, u32(block.length), block, u32(0));
    };
    expect((await inflate(both(0x60))).damage).toMatch(/is malformed/);
    expect(await inflate(both(0x40))).toMatchObject(sound);
  });
});

const haveLz4 = spawnSync('lz4', ['--version']).status === 0;
if (!haveLz4) console.log('SKIP: lz4 is not installed; only frames made here are tested');

(haveLz4 ? describe : describe.skip)('what the lz4 tool packs', () => {
  const scratch = scratchFolder();
  const data = join(mixed(3, 500_000, 1), mixed(0, 100_000, 2), zeros(1_000_000));
  const plain = scratch.file('plain', data);
  test.each([
    ['-1'],
    ['-9'],
    ['-12', '-B4'],
    ['-1', '-B5', '-BD'],
    ['-3', '-B6', '-BX'],
    ['-B7', '-BD', '-BX', '--content-size'],
    ['--fast=5', '--no-frame-crc'],
    ['-l'],
    ['--favor-decSpeed', '-12'],
  ])('%s %s %s %s', async (...options: string[]) => {
    const packed = execFileSync('lz4', ['-q', '-c', ...options.filter(Boolean), plain], { maxBuffer: 2 ** 25 });
    expectSound(await inflate(packed, 100_000), data);
  });
});
