import fc from 'fast-check';
import { LineBreaks } from '../../../src/lb/line-break.js';
import { sized } from '../../support/property.js';

const byte = fc.oneof(fc.integer({ min: 8, max: 14 }), fc.integer({ min: 0, max: 255 }));

const holds = (bytes: readonly number[]): boolean => bytes.some((each) => each === 10 || each === 13);

test('a line break is found wherever it stands, and nothing else is taken for one', () => {
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 40 }), fc.nat(10), fc.nat(10), (bytes, before, after) => {
      const start = Math.min(before, bytes.length);
      const end = Math.max(start, bytes.length - after);
      expect(new LineBreaks().within(Uint8Array.from(bytes), start, end)).toBe(holds(bytes.slice(start, end)));
    }),
    sized(2000),
  );
});

test('each answer of a batch is told by itself, long batch or short, one after another', () => {
  const text = fc.array(fc.oneof({ weight: 40, arbitrary: fc.integer({ min: 32, max: 126 }) }, byte), {
    maxLength: 80,
  });
  const batch = fc.array(text, { maxLength: 12 });
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 4 }), (batches) => {
      const lineBreaks = new LineBreaks();
      for (const answers of batches) {
        const bytes = Uint8Array.from(answers.flat());
        let at = 0;
        for (const answer of answers) {
          expect(lineBreaks.within(bytes, at, at + answer.length)).toBe(holds(answer));
          at += answer.length;
        }
      }
    }),
    sized(1000),
  );
});
