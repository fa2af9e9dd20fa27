import fc from 'fast-check';
import { inflateGzip } from '../../src/captures/packed/gzip-stream.js';
import { inflateBounded, inflateBoundDefault, type InflateBound } from '../../src/captures/packed/inflate-bound.js';
import { inflateMembers } from '../../src/captures/packed/members/member-stream.js';
import { aligned, memberSource, nothingAsked, type Asked } from './member-source.js';
import { inflatedWhole } from './streams.js';

/** Text that repeats itself a little, so that members are smaller than what is in them. */
export const text = (length: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(length);
  for (let i = 0, x = seed; i < length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    bytes[i] = i % 7 < 3 ? 65 + (x >>> 28) : bytes[Math.max(0, i - 50)];
  }
  return bytes;
};

export const onOneCore = (packed: Uint8Array, pieceBytes = 3000, bound: InflateBound = inflateBoundDefault) =>
  inflatedWhole(inflateBounded(aligned(packed, pieceBytes), inflateGzip, bound));

/** Fails unless ranges give what one core gives. Returns what they were asked. */
export async function expectSame(
  packed: Uint8Array,
  options: Parameters<typeof memberSource>[1] = {},
  bound: InflateBound = inflateBoundDefault,
): Promise<Asked> {
  const asked = nothingAsked();
  const { bytes, ...outcome } = await inflatedWhole(
    inflateMembers(memberSource(packed, { ...options, asked }), undefined, bound),
  );
  const one = await onOneCore(packed, options.pieceBytes, bound);
  expect(outcome).toEqual({ truncated: one.truncated, damage: one.damage, ...restOf(one) });
  expect(bytes.equals(one.bytes)).toBe(true);
  return asked;
}

const restOf = ({ restBytes }: { restBytes?: number }): object => (restBytes === undefined ? {} : { restBytes });

/** A file as it is, cut, or with a byte changed. */
export const harm = fc.oneof(
  fc.constant((file: Buffer) => file),
  fc.double({ min: 0, max: 1, noNaN: true }).map((place) => (file: Buffer) => file.subarray(0, place * file.length)),
  fc
    .tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 255 }))
    .map(([place, bits]) => (file: Buffer) => {
      const changed = Buffer.from(file);
      if (file.length > 0) changed[Math.floor(place * (file.length - 1))] ^= bits;
      return changed;
    }),
);
