import { randomFillSync } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { constants, crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { joinCrc } from '../../../../src/captures/packed/crc-join.js';
import { inflateBoundDefault } from '../../../../src/captures/packed/inflate-bound.js';
import { inflateMembers, redoneMax } from '../../../../src/captures/packed/members/member-stream.js';
import { fileOfMembers } from '../../../../src/captures/packed/members/thread-ranges.js';
import { nothingAsked } from '../../../support/member-source.js';
import { expectSame, harm, text } from '../../../support/one-core.js';
import { holds, holdsAsync, runsFactor } from '../../../support/property.js';
import { scratchFolder } from '../../../support/scratch.js';
import { inflatedWhole } from '../../../support/streams.js';

const scratch = scratchFolder();

/** Text, noise and runs that follow each other, so that a member has blocks of every kind. */
const mixed = (length: number, seed: number): Buffer => {
  const parts: Buffer[] = [];
  for (let left = length, i = seed; left > 0; i++) {
    const part = [text(9000, i), Buffer.alloc(4000, i), randomFillSync(Buffer.alloc(3000))][i % 3];
    parts.push(part);
    left -= part.length;
  }
  return Buffer.concat(parts).subarray(0, length);
};

const long = fc
  .record({
    length: fc.integer({ min: 60_000, max: 200_000 }),
    seed: fc.nat(1000),
    // The lower, the smaller are the blocks.
    memLevel: fc.constantFrom(1, 1, 2, 5),
    level: fc.constantFrom(1, 4, 6, 9, 0),
    strategy: fc.constantFrom(0, 0, 0, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY),
  })
  .map(({ length, seed, ...options }) => gzipSync(mixed(length, seed), options));
const short = fc.nat(5000).map((n) => gzipSync(text(n)));
const other = fc.constantFrom(Buffer.alloc(100), Buffer.from('rest'));

test('a long member that is inflated in parts gives the bytes and the errors of one core, whatever the file', async () => {
  const asked = nothingAsked();
  await holdsAsync(
    fc.tuple(
      long,
      fc.array(fc.oneof({ weight: 2, arbitrary: long }, short, other), { maxLength: 2 }),
      harm,
      fc.record({
        rangeBytes: fc.integer({ min: 2000, max: 20_000 }),
        pieceBytes: fc.constantFrom(512, 1024, 4096),
        outBytesMax: fc.constantFrom(30_000, 1 << 20),
      }),
      fc.constantFrom(inflateBoundDefault, inflateBoundDefault, { freeBytes: 100_000, ratioMax: 3 }),
    ),
    async ([first, others, harmed, options, bound]) => {
      const { parts, partBytes, guessed } = await expectSame(harmed(Buffer.concat([first, ...others])), options, bound);
      asked.parts += parts;
      asked.partBytes += partBytes;
      asked.guessed += guessed;
    },
    120,
  );
  // It was not one core that did it all, nor was each part decoded twice. A few cases may have no part that is found.
  if (runsFactor < 0.25) return;
  expect(asked.partBytes).toBeGreaterThan(30_000);
  expect(asked.guessed).toBeGreaterThan(asked.parts / 4);
});

test('all of a member but its begin comes from threads, which go on with the next member', async () => {
  const data = mixed(3_000_000, 1);
  const member = gzipSync(data, { level: 1 });
  const packed = Buffer.concat([member, member]);
  const fd = openSync(scratch.file('long.gz', packed), 'r');
  try {
    const source = fileOfMembers(fd, packed.length, 2, { partsFromBytes: 1 });
    let fromParts = 0;
    const counted = {
      ...source,
      parts: () => {
        const parts = source.parts();
        const next = async (): ReturnType<typeof parts.next> => {
          const part = await parts.next();
          fromParts += part?.run?.length ?? 0;
          return part;
        };
        return {
          ready: true,
          starved: false,
          next,
          begin: parts.begin.bind(parts),
          release: parts.release.bind(parts),
          stop: parts.stop.bind(parts),
          close: parts.close.bind(parts),
        };
      },
    };
    const { bytes, ...outcome } = await inflatedWhole(inflateMembers(counted));
    expect(outcome).toEqual({ truncated: false, damage: null });
    expect(bytes.equals(Buffer.concat([data, data]))).toBe(true);
    expect(fromParts).toBeGreaterThan(data.length / 2);
  } finally {
    closeSync(fd);
  }
});

test('a file of which too little is left asks for no part', async () => {
  const packed = gzipSync(text(300_000), { memLevel: 1 });
  const options = { rangeBytes: 3000, pieceBytes: 1024 };
  expect((await expectSame(packed, { ...options, partsFromBytes: packed.length })).parts).toBe(0);
  expect((await expectSame(packed, options)).parts).toBeGreaterThan(10);
});

test('parts are asked for no more once some in a row were of no use', async () => {
  // Blocks that are stored are never found, so each part is decoded only once it is known where it begins.
  const packed = gzipSync(randomFillSync(Buffer.alloc(2_000_000)), { level: 0 });
  const { parts, guessed } = await expectSame(packed, { rangeBytes: 70_000, pieceBytes: 4096 });
  expect({ parts, guessed }).toEqual({ parts: redoneMax, guessed: 0 });
});

test('a part that inflates to more than it may is inflated in order', async () => {
  const packed = gzipSync(Buffer.concat([mixed(100_000, 1), Buffer.alloc(3_000_000)]));
  const { partBytes } = await expectSame(packed, { rangeBytes: 2000, pieceBytes: 1024, outBytesMax: 1000 });
  expect(partBytes).toBe(0);
});

test('CRC-32 of a whole is told by those of its parts', () => {
  holds(
    fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), fc.nat(70_000)),
    ([before, behind, zeros]) => {
      const second = Buffer.concat([behind, Buffer.alloc(zeros)]);
      const whole = crc32(Buffer.concat([before, second]));
      expect(joinCrc(crc32(before), crc32(second), second.length)).toBe(whole);
    },
    100,
  );
});
