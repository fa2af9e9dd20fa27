import fc from 'fast-check';
import { holdsLineBreak } from '../../../src/lb/line-break.js';

const byte = fc.oneof(fc.integer({ min: 8, max: 14 }), fc.integer({ min: 0, max: 255 }));

test('a line break is found wherever it stands, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), fc.nat(10), fc.nat(10), (bytes, before, after) => {
      const start = Math.min(before, bytes.length);
      const end = Math.max(start, bytes.length - after);
      const expected = bytes.slice(start, end).some((each) => each === 10 || each === 13);
      expect(holdsLineBreak(Uint8Array.from(bytes), start, end)).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});
