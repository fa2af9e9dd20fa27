import { closeSync, openSync } from 'node:fs';
import { deflateRawSync, crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { inflateBoundDefault } from '../../../../src/captures/packed/inflate-bound.js';
import { inflateMembers, redoneMax } from '../../../../src/captures/packed/members/member-stream.js';
import { fileOfMembers } from '../../../../src/captures/packed/members/thread-ranges.js';
import { inMembers, nothingAsked } from '../../../support/member-source.js';
import { expectSame, harm, onOneCore, text } from '../../../support/one-core.js';
import { holdsAsync, runsFactor } from '../../../support/property.js';
import { scratchFolder } from '../../../support/scratch.js';
import { inflatedWhole } from '../../../support/streams.js';

const scratch = scratchFolder();

/** One with a name, a comment, an extra field and a checksum of its header. */
function dressed(data: Buffer, name: string, sound: boolean): Buffer {
  const head = Buffer.concat([
    Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 2, 0, 7, 7]),
    Buffer.from(`${name}\0words\0`, 'latin1'),
  ]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE((crc32(head) & 0xffff) ^ (sound ? 0 : 1));
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data));
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, sum, deflateRawSync(data), trailer]);
}

const part = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(fc.nat(6000), fc.nat(9)).map(([n, level]) => gzipSync(text(n, n), { level })) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.nat(3000), fc.boolean()).map(([n, sound]) => dressed(text(n), `n${n}`, sound || n % 4 > 0)),
  },
  { weight: 2, arbitrary: fc.nat(50_000).map((n) => gzipSync(Buffer.alloc(n))) },
  { weight: 2, arbitrary: fc.nat(300).map((n) => Buffer.alloc(n)) },
  // A member within a member, stored: it looks like one of the file's own.
  { weight: 2, arbitrary: fc.nat(3000).map((n) => gzipSync(gzipSync(text(n)), { level: 0 })) },
  { weight: 1, arbitrary: fc.constantFrom(Buffer.from('\x1f\x8b\x08', 'latin1'), Buffer.from('rest'), gzipSync('')) },
);
test('members that are inflated by ranges give the bytes and the errors of one core, whatever the file', async () => {
  const asked = nothingAsked();
  await holdsAsync(
    fc.tuple(
      fc.array(part, { minLength: 1, maxLength: 25 }),
      harm,
      fc.record({
        rangeBytes: fc.integer({ min: 40, max: 9000 }),
        pieceBytes: fc.integer({ min: 500, max: 6000 }),
        outBytesMax: fc.constantFrom(20_000, 1 << 20),
      }),
      fc.constantFrom(inflateBoundDefault, { freeBytes: 20_000, ratioMax: 8 }),
    ),
    async ([parts, harmed, options, bound]) => {
      const { ranges, bytes } = await expectSame(harmed(Buffer.concat(parts)), options, bound);
      asked.ranges += ranges;
      asked.bytes += bytes;
    },
    600,
  );
  // It was not one core that did it all. A few cases may ask for little.
  if (runsFactor < 0.25) return;
  expect(asked.ranges).toBeGreaterThan(10);
  expect(asked.bytes).toBeGreaterThan(10_000);
});

test('a byte changed in a later member, or in its checksum or length, is the damage that one core tells', async () => {
  const data = text(40_000);
  const members = Array.from({ length: 8 }, (_, i) => gzipSync(data.subarray(i * 5000, (i + 1) * 5000), { level: 0 }));
  for (const behind of [2500, members[0].length - 7, members[0].length - 2]) {
    const packed = Buffer.concat(members);
    packed[5 * members[0].length + behind] ^= 1;
    const { ranges } = await expectSame(packed, { rangeBytes: 12_000 });
    expect(ranges).toBeGreaterThan(1);
    expect((await onOneCore(packed)).damage).toMatch(/checksum or length at offset/);
  }
});

test('all members but the first come from threads', async () => {
  const data = text(3_000_000);
  const packed = inMembers(data, 60_000);
  const fd = openSync(scratch.file('many.gz', packed), 'r');
  try {
    let last = 0;
    const source = fileOfMembers(fd, packed.length, 2, { rangeBytes: 100_000 });
    let orders = 0;
    const counted = { ...source, stream: (from: number) => (orders++, source.stream(from)) };
    const { bytes, ...outcome } = await inflatedWhole(inflateMembers(counted, (count) => (last = count)));
    expect(outcome).toEqual({ truncated: false, damage: null });
    expect(bytes.equals(data)).toBe(true);
    expect(last).toBe(packed.length);
    // In order come the first member, and the look at what is behind the last one.
    expect(orders).toBe(2);
  } finally {
    closeSync(fd);
  }
});

test('a file whose first member is long asks for no range', async () => {
  const data = Buffer.concat([Buffer.alloc(10), text(2_000_000)]);
  const packed = Buffer.concat([gzipSync(data, { level: 0 }), gzipSync(text(1000))]);
  expect((await expectSame(packed)).ranges).toBe(0);
});

test('ranges are asked for no more once some in a row were of no use', async () => {
  const packed = inMembers(text(500_000), 10_000);
  expect(packed.length).toBeGreaterThan(redoneMax * 20_000);
  // Members do not fit what a range may inflate to.
  const { ranges, bytes } = await expectSame(packed, { rangeBytes: 10_000, outBytesMax: 5000 });
  expect([ranges, bytes]).toEqual([redoneMax, 0]);
});

test('a range that inflates to more than it may is inflated in order', async () => {
  const packed = inMembers(Buffer.alloc(3_000_000), 100_000);
  const { bytes } = await expectSame(packed, { rangeBytes: 2000, outBytesMax: 50_000 });
  expect(bytes).toBe(0);
});
