import { AuthLine } from '../../../src/lb/auth-line.js';
import { FrameDecoder, NOT_A_NUMBER, NUMBER_TOO_LONG } from '../../../src/lb/frame-decoder.js';
import { clientKindsOf, kindPrefixesOf } from '../../../src/lb/opening.js';
import { tokenLengthMax } from '../../../src/common/trust/options.js';
import { tokenOfHeader } from '../../../src/common/trust/token.js';
import { asText, must, utf8, type FuzzTarget } from '../target.js';

const digitsMax = 15;
const clientKinds = clientKindsOf([{ number: 1 }, { number: 2 }, { number: 42 }]);
const kindPrefixes = kindPrefixesOf(clientKinds);

/** Numbers that the decoder finds when the input comes in these pieces. */
function decode(pieces: readonly Uint8Array[], most: number): number[] {
  const decoder = new FrameDecoder(digitsMax, new Float64Array(64), clientKinds, kindPrefixes);
  const found: number[] = [];
  for (const piece of pieces) {
    for (let at = 0, turns = 0; at < piece.length || decoder.backlog; turns++) {
      must(turns <= piece.length + digitsMax + 8, 'each push takes a byte or gives a number');
      at = decoder.push(piece, at, most);
      must(decoder.count <= Math.min(most, decoder.jobs.length), 'a push gives no more numbers than it was asked for');
      found.push(...decoder.jobs.subarray(0, decoder.count));
    }
  }
  do {
    decoder.end(most);
    found.push(...decoder.jobs.subarray(0, decoder.count));
  } while (decoder.unfinished);
  return found;
}

/** What the lines framing means, by another road. */
function expectedLines(input: Uint8Array): number[] {
  return Buffer.from(input)
    .toString('latin1')
    .split(/[\n, \r\t]+/)
    .filter((token) => token !== '')
    .map((token) => {
      if (/\D/.test(token)) return NOT_A_NUMBER;
      return token.length <= digitsMax ? Number(token) : NUMBER_TOO_LONG;
    });
}

export const frames: FuzzTarget = {
  name: 'frames',
  what: 'job numbers that a TCP client of the lb sends, in either framing',
  seeds: () => ['1\n2\n1\n', '1,2,1', '12', '\x01\x02', '999999999999999\n', '1\r\n2\r\n', '7 8\t9\n'].map(utf8),
  words: ['1', '2', '\n', ',', ' ', '000000000000000', '9999999999999999', 'GET / HTTP/1.1\r\n'],
  run: (input) => {
    // A newline before the first number chooses lines.
    const lines = Buffer.concat([utf8('\n'), input]);
    const found = decode([lines], 64);
    must(
      JSON.stringify(found) === JSON.stringify(expectedLines(input)),
      `lines are the numbers between delimiters: ${JSON.stringify(found)}`,
    );
    const cut = 1 + (input.length >> 1);
    const split = decode([lines.subarray(0, cut), lines.subarray(cut)], 3);
    must(JSON.stringify(split) === JSON.stringify(found), 'where the input is cut changes nothing');
    const whole = decode([input], 5);
    const bytewise = decode(
      [...input].map((byte) => Uint8Array.of(byte)),
      64,
    );
    must(
      JSON.stringify(bytewise) === JSON.stringify(whole),
      'where the input is cut changes nothing in either framing',
    );
    for (const job of whole) must(job >= NUMBER_TOO_LONG && Number.isInteger(job), 'a number is a number');
  },
};

export const authLine: FuzzTarget = {
  name: 'auth-line',
  what: 'the first line of a TCP client, and the authorization header of HTTP and gRPC',
  seeds: () =>
    ['AUTH secret\n1\n', 'AUTH secret\r\n1,2', `AUTH ${'x'.repeat(tokenLengthMax)}\n`, 'Bearer abc', 'Basic YTpi'].map(
      utf8,
    ),
  words: ['AUTH ', 'AUTH', '\n', '\r\n', 'Bearer ', 'Basic '],
  run: (input) => {
    const whole = new AuthLine().push(input);
    if (whole.found === 'token') {
      must(whole.restAt >= 6 && whole.restAt <= input.length, 'the rest begins behind the line and within the chunk');
      must(!whole.token.includes('\n') && whole.token.length <= tokenLengthMax + 1, 'a token is one bounded line');
    }
    const bytewise = new AuthLine();
    let said: string = 'more';
    for (let at = 0; at < input.length && said === 'more'; at++) {
      const result = bytewise.push(input.subarray(at, at + 1));
      said = result.found;
      if (result.found === 'token') {
        must(whole.found === 'token' && result.token === whole.token, 'a line says the same byte by byte');
        must(at + result.restAt === whole.restAt, 'the rest begins at the same byte');
      }
    }
    must(said === whole.found || input.length === 0, `found ${whole.found} at once and ${said} byte by byte`);
    const header = tokenOfHeader(asText(input));
    must(header === null || !/\n/.test(header) || header.length > 0, 'a header gives a token or nothing');
  },
};
