import fc from 'fast-check';
import { FrameDecoder, NOT_A_NUMBER, NUMBER_TOO_LONG } from '../../../src/lb/frame-decoder.js';
import { clientKindsOf, doubtJobsMax, kindPrefixesOf } from '../../../src/lb/opening.js';
import { sized } from '../../support/property.js';

/** A decoder of a hub whose clients may ask for these kinds. */
function newDecoder(jobsPerPush = 4096, numbers: readonly number[] = [1, 2]): FrameDecoder {
  const clientKinds = clientKindsOf(numbers.map((number) => ({ number })));
  return new FrameDecoder(15, new Float64Array(jobsPerPush), clientKinds, kindPrefixesOf(clientKinds));
}

/** All numbers of the chunks, and of the end of the stream. */
function decode(chunks: readonly Uint8Array[], decoder = newDecoder(), most = Infinity): number[] {
  const found: number[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length || decoder.backlog;) {
      at = decoder.push(chunk, at, most);
      found.push(...decoder.jobs.subarray(0, decoder.count));
    }
  }
  do {
    decoder.end(most);
    found.push(...decoder.jobs.subarray(0, decoder.count));
  } while (decoder.unfinished);
  return found;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('framing', () => {
  /** The beginnings of streams, the framing that they choose, and the jobs in them. */
  const examples: readonly (readonly [string, string, readonly number[]])[] = [
    // A newline before, behind or between the first jobs: lines.
    ['1\n', 'lines', [1]],
    ['1\r\n2\r\n', 'lines', [1, 2]],
    ['\n', 'lines', []],
    ['\n121112\n', 'lines', [121112]],
    ['\r\n\r\n12\n', 'lines', [12]],
    ['1\n12', 'lines', [1, 12]],
    ['1 2\n1,12', 'lines', [1, 2, 1, 12]],
    ['7\n', 'lines', [7]],
    // Digits of kinds with nothing between them: records, with or without a newline behind them.
    ['121112\n', 'records', [1, 2, 1, 1, 1, 2]],
    ['22\n', 'records', [2, 2]],
    ['12', 'records', [1, 2]],
    ['1212', 'records', [1, 2, 1, 2]],
    ['12,007,345\n', 'records', [1, 2, 0, 0, 7, 3, 4, 5]],
    [' 11\n', 'records', [1, 1]],
    ['1,12\n', 'records', [1, 1, 2]],
    // The first digit may be all that a client sends before it waits; what follows it is a record whatever it is.
    ['13\n', 'records', [1, 3]],
    ['19x\xff', 'records', [1, 9, 120, 255]],
    ['1;2\n', 'records', [1, 59, 2]],
    ['1.0\n', 'records', [1, 46, 0]],
    ['1\x00', 'records', [1, 0]],
    // Control bytes are numbers as they are.
    ['\x01\x02\x00\x07', 'records', [1, 2, 0, 7]],
    ['\x00', 'records', [0]],
    ['\x16\x01', 'records', [22, 1]],
    ['7\x01', 'records', [7, 1]],
    // Single digits with a blank or a comma between them may be either, and stay so.
    ['1', 'undecided', [1]],
    ['1,2', 'undecided', [1, 2]],
    ['1,2,1\n', 'undecided', [1, 2, 1]],
    ['1 2 1', 'undecided', [1, 2, 1]],
    [',,1,,,2, \n\n', 'undecided', [1, 2]],
    ['1,7,2', 'undecided', [1, 7, 2]],
    // A number that begins with the digit of no kind, or text, can only be of lines.
    ['77\n', 'lines', [77]],
    ['1,77\n', 'lines', [1, 77]],
    ['01\n', 'lines', [1]],
    ['7', 'lines', [7]],
    ['+1\n', 'lines', [NOT_A_NUMBER]],
    ['7x\n', 'lines', [NOT_A_NUMBER]],
    ['\xef\xbb\xbf1\n', 'lines', [NOT_A_NUMBER]],
    ['x1234567890123456\n', 'lines', [NOT_A_NUMBER]],
    ['GETTING\n1\n', 'lines', [NOT_A_NUMBER, 1]],
    ['GO 1\n', 'lines', [NOT_A_NUMBER, 1]],
    ['-1,+2,1.0,x,1x,x1\n', 'lines', Array<number>(6).fill(NOT_A_NUMBER)],
    [
      '000000000000001,0000000000000001,123456789012345,1234567890123456\n',
      'lines',
      [1, NUMBER_TOO_LONG, 123456789012345, NUMBER_TOO_LONG],
    ],
    ['7777777777777777\n', 'lines', [NUMBER_TOO_LONG]],
  ];

  test.each(examples)('%j chooses %s', (text, framing, jobs) => {
    const decoder = newDecoder();
    expect(decode([bytes(text)], decoder)).toEqual(jobs);
    expect(decoder.framing).toBe(framing);
  });

  test.each(examples)(
    '%j says the same cut at any place, byte by byte, and few numbers at a time',
    (text, framing, jobs) => {
      const whole = bytes(text);
      const cuts: Uint8Array[][] = [[...whole].map((byte) => Uint8Array.of(byte))];
      for (let at = 0; at <= whole.length; at++) cuts.push([whole.subarray(0, at), whole.subarray(at)]);
      for (const chunks of cuts) {
        for (const most of [1, Infinity]) {
          const decoder = newDecoder();
          expect(decode(chunks, decoder, most)).toEqual(jobs);
          expect(decoder.framing).toBe(framing);
        }
      }
    },
  );

  test('any bytes of this kind say the same however they are cut', () => {
    const alphabet = fc.constantFrom(...'1212123079\n, \r\tx;PG\x00\x01\x16\xff');
    const stream = fc.array(alphabet, { minLength: 1, maxLength: 30 }).map((all) => bytes(all.join('')));
    const kinds = fc.constantFrom([1, 2], [1, 2, 10], [1, 2, 12, 121], [3, 30, 77], [1, 71]);
    fc.assert(
      fc.property(stream, kinds, fc.array(fc.nat(40)), fc.integer({ min: 1, max: 3 }), (whole, numbers, cuts, most) => {
        const points = [...cuts.map((cut) => cut % whole.length), whole.length].sort((a, b) => a - b);
        const chunks = points.map((point, i) => whole.subarray(i === 0 ? 0 : points[i - 1], point));
        const [once, cut] = [newDecoder(4096, numbers), newDecoder(4096, numbers)];
        expect(decode(chunks, cut, most)).toEqual(decode([whole], once));
        expect(cut.framing).toBe(once.framing);
      }),
      sized(2000),
    );
  });

  test('a kind of several digits is a number of lines, and what it begins with waits for the rest', () => {
    expect(decode([bytes('12\n1\n')], newDecoder(64, [1, 2, 12]))).toEqual([12, 1]);
    expect(decode([bytes('12'), bytes('1')], newDecoder(64, [1, 2, 12]))).toEqual([1, 2, 1]);
    expect(decode([bytes('1'), bytes('00\n')], newDecoder(64, [1, 2, 100]))).toEqual([100]);
    expect(decode([bytes('1 2')], newDecoder(64, [1, 2, 100]))).toEqual([1, 2]);
  });

  test('what waits for its rest becomes records when none comes, and text does not', () => {
    const decoder = newDecoder(64, [1, 2, 12]);
    decoder.push(bytes('1'), 0, 10);
    expect([decoder.count, decoder.undecidedRecords, decoder.unfinished]).toEqual([0, true, true]);
    decoder.settle();
    expect(decode([bytes(''), bytes('2')], decoder)).toEqual([1, 2]);
    const text = newDecoder();
    text.push(bytes('GET'), 0, 10);
    text.settle();
    expect([text.framing, text.undecidedRecords, text.unfinished]).toEqual(['undecided', false, true]);
  });

  test.each([
    ['GET / HTTP/1.0\r\n\r\n', 'http'],
    ['POST / HTTP/1.1\r\nHost: 127.0.0.1:13337\r\n\r\n1\n', 'http'],
    ['OPTIONS * HTTP/1.1\r\n', 'http'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http'],
    ['CONNECT 1.2.3.4:1 HTTP/1.1\r\n', 'http'],
    ['GET http://x/ HTTP/1.1\r\n', 'http'],
    ['\x16\x03\x01\x02\x00\x01\x00', 'tls'],
    ['\x16\x03\x03\x00\x7a\x01', 'tls'],
    ['PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n1\n', 'proxy-header'],
    ['\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c', 'proxy-header'],
  ])('%j is no job client, however it is cut', (text, protocol) => {
    const whole = bytes(text);
    for (let at = 0; at <= whole.length; at++) {
      const decoder = newDecoder();
      const found: number[] = [];
      for (const chunk of [whole.subarray(0, at), whole.subarray(at)]) {
        if (decoder.foreign === undefined) decoder.push(chunk, 0, 100);
        found.push(...decoder.jobs.subarray(0, decoder.count));
      }
      expect([decoder.foreign, found]).toEqual([protocol, []]);
    }
  });

  test('thousands of jobs set apart by commas are lines in the end, and fewer are not', () => {
    const framingOf = (text: string): string => {
      const decoder = newDecoder(2 * doubtJobsMax);
      decode([bytes(text)], decoder);
      return decoder.framing;
    };
    expect(framingOf('1,'.repeat(doubtJobsMax - 1))).toBe('undecided');
    expect(framingOf('1,'.repeat(doubtJobsMax))).toBe('lines');
    expect(framingOf('1'.repeat(2 * doubtJobsMax))).toBe('records');
  });

  test('empty chunks decide nothing', () => {
    expect(decode([bytes(''), bytes('\n'), bytes(''), bytes('12\n')])).toEqual([12]);
  });

  test('in records framing a newline that comes late is no job', () => {
    expect(decode([bytes('1'), bytes('\n'), bytes('2'), bytes('\r\n')])).toEqual([1, 2]);
  });

  test('a number is unfinished until its delimiter comes', () => {
    const decoder = newDecoder();
    decoder.push(bytes('\n1 2'), 0, 10);
    expect(decoder.unfinished).toBe(true);
    decoder.push(bytes('3 '), 0, 10);
    expect(decoder.unfinished).toBe(false);
    expect(decoder.jobs[0]).toBe(23);
  });

  test('a push stops at the numbers that may be taken, and goes on from there', () => {
    const chunk = bytes('\n1,2,3,4,5,');
    const decoder = newDecoder(2);
    expect(decoder.push(chunk, 0, 100)).toBe(5);
    expect(decoder.push(chunk, 5, 1)).toBe(7);
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
