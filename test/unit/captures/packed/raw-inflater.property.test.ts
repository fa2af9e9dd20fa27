import { randomFillSync } from 'node:crypto';
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';

import fc from 'fast-check';

import { RawInflater } from '../../../../src/captures/packed/raw-inflater.js';
import { holds } from '../../../support/property.js';

interface Outcome {
  readonly bytes: Buffer;
  readonly end: 'ended' | 'cut' | 'damaged';
  /** Bytes of the stream that were taken: to its end, or to that of the step in which damage was found. */
  readonly taken: number;
}

const inflater = new RawInflater();

function ours(packed: Buffer, stepBytes: number): Outcome {
  inflater.reset();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < packed.length;) {
    const input = packed.subarray(at, at + stepBytes);
    at += input.length;
    const { bytes, unused, damaged } = inflater.step(input);
    if (bytes !== null) parts.push(bytes);
    if (damaged) return { bytes: Buffer.concat(parts), end: 'damaged', taken: at };
    if (unused !== null) return { bytes: Buffer.concat(parts), end: 'ended', taken: at - unused };
  }
  return { bytes: Buffer.concat(parts), end: 'cut', taken: packed.length };
}

function prefix(packed: Buffer, length: number): Buffer | null {
  try {
    return inflateRawSync(packed.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return null;
  }
}

/** What zlib gives of the longest prefix that it does not refuse, and where that ends. */
function zlibs(packed: Buffer): { readonly bytes: Buffer; readonly refused: number | null } {
  const whole = prefix(packed, packed.length);
  if (whole !== null) return { bytes: whole, refused: null };
  let good = 0;
  let bad = packed.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (prefix(packed, middle) === null) bad = middle;
    else good = middle;
  }
  return { bytes: prefix(packed, good)!, refused: bad };
}

/** Texts with matches near and far, runs, noise; some longer than the window. */
const data = fc
  .tuple(fc.constantFrom(0, 1, 2, 3, 4), fc.nat({ max: 150_000 }), fc.integer({ min: 1, max: 2 ** 31 - 1 }))
  .map(([kind, length, seed]) => {
    const bytes = Buffer.alloc(kind === 4 ? length : length % 5000);
    let state = seed;
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      const random = state >>> 16;
      if (kind === 0) bytes[i] = random;
      else if (kind === 1) bytes[i] = random & 3;
      else if (kind === 2) bytes[i] = random % 40 > 0 && i > 0 ? bytes[i - 1] : random;
      else bytes[i] = random % 10 > 0 && i > 300 ? bytes[i - 1 - (random % 300)] : random >>> 4;
    }
    return bytes;
  });
const form = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  strategy: fc.constantFrom(0, 0, 1, 2, 3, 4),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
});
const packed = fc.tuple(data, form).map(([bytes, options]) => ({ bytes, packed: deflateRawSync(bytes, options) }));
const stepBytes = fc.constantFrom(1, 7, 100, 16 * 1024);

describe('a raw deflate stream', () => {
  test('is inflated as by zlib, to its very end, whatever the steps', () => {
    holds(
      fc.tuple(packed, stepBytes),
      ([stream, step]) => {
        const result = ours(Buffer.concat([stream.packed, Buffer.from('what follows')]), step);
        expect(result.bytes.equals(stream.bytes)).toBe(true);
        expect(result).toMatchObject({ end: 'ended', taken: stream.packed.length });
      },
      300,
    );
  });

  test('that is cut gives what zlib gives', () => {
    holds(
      fc.tuple(packed, fc.nat({ max: 1_000_000 }), stepBytes),
      ([stream, millionths, step]) => {
        const cut = stream.packed.subarray(0, Math.floor((stream.packed.length * millionths) / 1_000_001));
        const result = ours(cut, step);
        expect(result.end).toBe('cut');
        expect(result.bytes.equals(prefix(cut, cut.length)!)).toBe(true);
      },
      200,
    );
  });

  test('that is damaged is refused in the step in which zlib refuses it, and gives as much', () => {
    const flips = fc.array(fc.tuple(fc.nat({ max: 1_000_000 }), fc.nat({ max: 7 }), fc.boolean()), {
      minLength: 1,
      maxLength: 3,
    });
    holds(
      fc.tuple(packed, flips, stepBytes),
      ([stream, changes, step]) => {
        const damaged = Buffer.from(stream.packed);
        // Half of the flips hit the first bytes: block headers and code lengths.
        for (const [millionths, bit, early] of changes)
          damaged[Math.floor(((early ? Math.min(80, damaged.length) : damaged.length) * millionths) / 1_000_001)] ^=
            1 << bit;
        const expected = zlibs(damaged);
        const result = ours(damaged, step);
        expect(result.bytes.equals(expected.bytes)).toBe(true);
        if (expected.refused === null) expect(result.end).not.toBe('damaged');
        else {
          const stepEnd = Math.min(damaged.length, Math.ceil(expected.refused / step) * step);
          expect(result).toMatchObject({ end: 'damaged', taken: stepEnd });
        }
      },
      600,
    );
  });

  test('of random bytes is refused as by zlib', () => {
    holds(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 200 }), stepBytes),
      ([bytes, step]) => {
        const expected = zlibs(Buffer.from(bytes));
        const result = ours(Buffer.from(bytes), step);
        expect(result.end === 'damaged').toBe(expected.refused !== null);
        expect(result.bytes.equals(expected.bytes)).toBe(true);
      },
      1000,
    );
  });

  test('that is damaged far behind its begin gives every byte before the damage', () => {
    const bytes = randomFillSync(Buffer.alloc(3_000_000));
    const sound = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    const reservedType = 0x07;
    const result = ours(Buffer.concat([sound, Buffer.alloc(20, reservedType)]), 16 * 1024);
    expect(result.end).toBe('damaged');
    expect(result.bytes.equals(bytes)).toBe(true);
  });

  test('that expands a thousandfold comes whole', () => {
    const zeros = Buffer.alloc(20_000_000);
    const result = ours(deflateRawSync(zeros), 16 * 1024);
    expect(result.end).toBe('ended');
    expect(result.bytes.equals(zeros)).toBe(true);
  });
});
