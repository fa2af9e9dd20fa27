import fc from 'fast-check';

import { arbitrary, classicHeader, join, PcapngBuilder } from '../../support/capture-builder.js';
import { expectOracle, expectSameBytes } from '../../support/compare.js';
import { headerOf, plansAt, scanSplit, scanWhole } from '../../support/engine.js';
import { holds } from '../../support/property.js';

const garbage = fc.uint8Array({ maxLength: 4000, size: 'max' });
const headers = fc.constantFrom(
  new Uint8Array(0),
  classicHeader(),
  classicHeader({ order: 'big', nanoseconds: true }),
  classicHeader({ version: [2, 1], linkType: 101 }),
  new PcapngBuilder().section().interface().bytes(),
  new PcapngBuilder().section('big').interface({ timeResolution: 9 }).bytes(),
);
/** Numbers that readers trip over, so that garbage gets further than its first four bytes. */
const sharp = fc.constantFrom(
  ...[0, 1, 2, 3, 4, 5, 6, 11, 12, 13, 16, 20, 28, 32, 262_144, 262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc],
  ...[0xffff_ffff, 0x0a0d_0d0a, 0x1a2b_3c4d, 0x4d3c_2b1a, 0xa1b2_c3d4],
);
const words = fc
  .array(fc.oneof({ weight: 3, arbitrary: sharp }, { weight: 1, arbitrary: fc.nat() }), { maxLength: 300, size: 'max' })
  .map((values) => new Uint8Array(Uint32Array.from(values).buffer));

describe('garbage never crashes or hangs the engine, and counts as the oracle says', () => {
  test.each([
    ['random bytes', garbage],
    ['sharp words', words],
  ])('%s, behind no header or a sound one', (_, body) => {
    holds(
      fc.tuple(headers, body).map((parts) => new arbitrary.BuiltCapture(join(...parts))),
      ({ bytes }) => expectOracle(scanWhole(bytes), bytes),
      1000,
    );
  });

  test('split anywhere, it still gives the answer of one scan', () => {
    holds(
      fc.tuple(
        fc.tuple(headers, fc.oneof(garbage, words)).map((parts) => new arbitrary.BuiltCapture(join(...parts))),
        fc.array(fc.noBias(fc.integer({ min: 1, max: 4000 })), { minLength: 1, maxLength: 8 }),
      ),
      ([{ bytes }, places]) => {
        const cuts = [...new Set(places)].filter((place) => place < bytes.length).sort((x, y) => x - y);
        expectSameBytes(scanSplit(bytes, plansAt(headerOf(bytes), cuts)).report, scanWhole(bytes));
      },
      500,
    );
  });
});
