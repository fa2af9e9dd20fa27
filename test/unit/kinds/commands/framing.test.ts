import * as fc from 'fast-check';
import { aliveFrame, asked, frameOf, FramingReader, type Said } from '../../../../src/kinds/commands/framing.js';

/** All that a reader makes of these pieces. */
function read(framing: 'lines' | 'frames', pieces: readonly Buffer[], bytesMax = 1000): Said[] {
  const reader = new FramingReader(framing, bytesMax);
  return pieces.flatMap((piece) => {
    reader.push(piece);
    const said: Said[] = [];
    for (let next = reader.next(); next !== null; next = reader.next()) {
      said.push(next);
      if (next.type === 'too-long') break;
    }
    return said;
  });
}

const cutAt = (bytes: Buffer, places: readonly number[]): Buffer[] => {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((to, at) => bytes.subarray(cuts[at], to));
};

test('answers are the same however the bytes of a process are cut', () => {
  const answers = fc.array(fc.uint8Array({ maxLength: 40 }));
  const places = fc.array(fc.nat(), { maxLength: 30 });
  fc.assert(
    fc.property(fc.constantFrom('lines' as const, 'frames' as const), answers, places, (framing, given, cuts) => {
      const results = given.map((bytes) => Buffer.from(framing === 'lines' ? bytes.filter((b) => b !== 10) : bytes));
      const stream = Buffer.concat(results.map((bytes) => asked(framing, bytes) as Buffer));
      expect(read(framing, cutAt(stream, cuts))).toEqual(results.map((bytes) => ({ type: 'result', bytes })));
    }),
  );
});

test('a frame can say that the job failed, and that its process lives', () => {
  const stream = Buffer.concat([aliveFrame, frameOf(Buffer.from('no luck'), true), frameOf(Buffer.from('x'))]);
  expect(read('frames', [stream])).toEqual([
    { type: 'alive' },
    { type: 'failure', reason: 'no luck' },
    { type: 'result', bytes: Buffer.from('x') },
  ]);
  expect([...frameOf(Buffer.from('ab'))]).toEqual([0, 0, 0, 2, 97, 98]);
});

test.each([
  ['frames', Buffer.from([0, 0, 0, 11]), 11],
  ['lines', Buffer.from('x'.repeat(11)), 11],
  ['lines', Buffer.from(`${'x'.repeat(12)}\n`), 12],
] as const)('%s: more than an answer may have is told before it is held', (framing, bytes, told) => {
  expect(read(framing, [bytes], 10)).toEqual([{ type: 'too-long', bytes: told }]);
  const whole = framing === 'lines' ? Buffer.from(`${'x'.repeat(10)}\n`) : frameOf(Buffer.alloc(10, 'x'));
  expect(read(framing, [whole], 10)).toEqual([{ type: 'result', bytes: Buffer.from('x'.repeat(10)) }]);
});

test('a payload with a line break is no line', () => {
  expect(asked('lines', Buffer.from('a\nb'))).toBe('its payload holds a line break, which serve: lines cannot carry');
});
