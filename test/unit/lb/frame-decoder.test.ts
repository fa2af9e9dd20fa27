import fc from 'fast-check';
import { FrameDecoder, NOT_A_NUMBER, NUMBER_TOO_LONG } from '../../../src/lb/frame-decoder.js';

function newDecoder(jobsPerPush = 4096): FrameDecoder {
  return new FrameDecoder(15, new Float64Array(jobsPerPush));
}

/** All numbers of the chunks, and of the end of the stream. */
function decode(chunks: readonly Uint8Array[], decoder = newDecoder(), most = Infinity): number[] {
  const found: number[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      at = decoder.push(chunk, at, most);
      found.push(...decoder.jobs.subarray(0, decoder.count));
    }
  }
  decoder.end();
  found.push(...decoder.jobs.subarray(0, decoder.count));
  return found;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('framing', () => {
  test.each([
    ['1\n', 'lines', [1]],
    ['1,2', 'lines', [1, 2]],
    ['1 2', 'lines', [1, 2]],
    ['1\r\n2\r\n', 'lines', [1, 2]],
    ['\n', 'lines', []],
    [',,1,,,2, \n\n', 'lines', [1, 2]],
    ['12,007,345\n', 'lines', [12, 7, 345]],
    ['1', 'records', [1]],
    ['1212', 'records', [1, 2, 1, 2]],
    ['\x01\x02\x00\x07', 'records', [1, 2, 0, 7]],
    ['19x\xff', 'records', [1, 9, 120, 255]],
    ['x1234567890123456\n', 'lines', [NOT_A_NUMBER]],
    ['-1,+2,1.0,x,1x,x1\n', 'lines', Array<number>(6).fill(NOT_A_NUMBER)],
    [
      '123456789012345,1234567890123456,000000000000001,0000000000000001\n',
      'lines',
      [123456789012345, NUMBER_TOO_LONG, 1, NUMBER_TOO_LONG],
    ],
  ])('a first chunk %j means %s', (text, framing, jobs) => {
    const decoder = newDecoder();
    expect(decode([bytes(text)], decoder)).toEqual(jobs);
    expect(decoder.framing).toBe(framing);
  });

  test('an empty chunk decides nothing', () => {
    const decoder = newDecoder();
    expect(decode([bytes(''), bytes('12\n')], decoder)).toEqual([12]);
  });

  test('the first chunk decides for good', () => {
    expect(decode([bytes('1\n'), bytes('12')])).toEqual([1, 12]);
    expect(decode([bytes('1'), bytes('12,2')])).toEqual([1, 1, 2, 2]);
  });

  test('in records framing a newline that comes late is no job', () => {
    expect(decode([bytes('1'), bytes('\n'), bytes('2'), bytes('\r\n')])).toEqual([1, 2]);
  });

  test('a number is unfinished until its delimiter comes', () => {
    const decoder = newDecoder();
    decoder.push(bytes('1 2'), 0, 10);
    expect(decoder.unfinished).toBe(true);
    decoder.push(bytes('3 '), 0, 10);
    expect(decoder.unfinished).toBe(false);
    expect(decoder.jobs[0]).toBe(23);
  });

  test('a push stops at the numbers that may be taken, and goes on from there', () => {
    const chunk = bytes('1,2,3,4,5,');
    const decoder = newDecoder(2);
    expect(decoder.push(chunk, 0, 100)).toBe(4);
    expect(decoder.push(chunk, 4, 1)).toBe(6);
    expect(decoder.jobs[0]).toBe(3);
  });
});

const lineText = fc
  .array(
    fc.tuple(
      fc.oneof(fc.constantFrom('1', '2', '77', 'x', '-3', ''), fc.stringMatching(/^[0-9]{1,20}$/)),
      fc.constantFrom('\n', ',', ' ', '\r\n', '\t', ', '),
    ),
    { minLength: 1, maxLength: 40 },
  )
  .map((parts) => '\n' + parts.flat().join(''));

describe('splits', () => {
  test('every split point of a stream gives the same numbers', () => {
    const text = bytes('\n1,22 333\r\n,x 12345678901234567890, 2\n1');
    const whole = decode([text]);
    expect(whole).toEqual([1, 22, 333, NOT_A_NUMBER, NUMBER_TOO_LONG, 2, 1]);
    for (let at = 1; at <= text.length; at++) {
      expect(decode([text.subarray(0, at), text.subarray(at)])).toEqual(whole);
    }
  });

  test('byte by byte gives the same numbers, in either framing', () => {
    fc.assert(
      fc.property(lineText, (text) => {
        const whole = bytes(text);
        expect(decode([...whole].map((byte) => Uint8Array.of(byte)))).toEqual(decode([whole]));
      }),
    );
    const records = bytes('121\x01\x02x');
    expect(decode([...records].map((byte) => Uint8Array.of(byte)))).toEqual(decode([records]));
  });

  test('random splits and limits give what splitting the text gives', () => {
    fc.assert(
      fc.property(lineText, fc.array(fc.nat(200)), fc.integer({ min: 1, max: 5 }), (text, cuts, most) => {
        const whole = bytes(text);
        const points = [1, ...cuts.map((cut) => 1 + (cut % whole.length)), whole.length].sort((a, b) => a - b);
        const chunks = points.map((point, i) => whole.subarray(i === 0 ? 0 : points[i - 1], point));
        const expected = text
          .split(/[\n\r\t ,]+/)
          .filter((token) => token !== '')
          .map((token) => (/^\d+$/.test(token) ? (token.length > 15 ? NUMBER_TOO_LONG : Number(token)) : NOT_A_NUMBER));
        expect(decode(chunks, newDecoder(3), most)).toEqual(expected);
      }),
    );
  });
});
