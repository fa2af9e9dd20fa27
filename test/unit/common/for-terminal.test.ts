import { Writable } from 'node:stream';
import fc from 'fast-check';
import pretty from 'pino-pretty';
import { pino } from 'pino';
import { forTerminal, linesForTerminal, logLineForTerminal } from '../../../src/common/for-terminal.js';
import { holds } from '../../support/property.js';

const nasty = '\x1b[2J\x07\r\nA\u009b31m\x7f\u202egpj\u2066\u2028\u200f\u061c\0\t';
const shownNasty = '\\u001b[2J\\u0007\\r\\nA\\u009b31m\\u007f\\u202egpj\\u2066\\u2028\\u200f\\u061c\\u0000\\t';
/** What no terminal may be sent, newlines aside. */
// eslint-disable-next-line no-control-regex
const obeyed = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

describe('text for a terminal', () => {
  test('shows what a terminal would obey, and leaves all else as it is', () => {
    expect(forTerminal(nasty)).toBe(shownNasty);
    expect(linesForTerminal('a\nb\r\n')).toBe('a\nb\\r\n');
    for (const text of ['', 'day.pcap', 'Über 日 🎉 é', 'C:\\new', '"quoted"']) expect(forTerminal(text)).toBe(text);
  });

  test('escapes every character of C0, C1 and direction, alone and among others', () => {
    const codes = Array.from({ length: 0x1_0000 }, (_, code) => code);
    const changed = codes.filter((code) => {
      const text = `x${String.fromCharCode(code)}y`;
      return forTerminal(text) !== text;
    });
    expect(changed).toEqual(codes.filter((code) => code === 0x0a || obeyed.test(String.fromCharCode(code))));
  });

  test('a JSON document stays the same document', () => {
    holds(
      fc.string({ unit: 'binary', maxLength: 50 }),
      (text) => {
        const json = JSON.stringify({ [text]: [text] });
        const shown = linesForTerminal(json);
        expect(JSON.parse(shown)).toEqual(JSON.parse(json));
        expect(JSON.parse(logLineForTerminal(json))).toEqual(JSON.parse(json));
        expect(obeyed.test(shown)).toBe(false);
      },
      500,
    );
  });
});

/** What createLogger writes on a terminal for such a line. */
async function readable(facts: object, message: string): Promise<string> {
  let text = '';
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const stream = pretty({ destination, colorize: false, ignore: 'pid,time,hostname' });
  pino({ base: {} }, { write: (line) => void stream.write(logLineForTerminal(line, true)) }).info(facts, message);
  stream.end();
  await new Promise((resolve) => destination.once('finish', resolve));
  return text;
}

test('a line of a readable log holds nothing of its facts or its message that a terminal obeys', async () => {
  const text = await readable({ [`key ${nasty}`]: 1, worker: nasty, deep: { list: [nasty] } }, `said ${nasty}`);
  expect(obeyed.test(text.replaceAll('\n', ''))).toBe(false);
  expect(text).toContain(`said ${shownNasty}`);
  expect(text).toContain(`worker: "${shownNasty}"`);
  const plain = await readable({ path: 'C:\\new\\u0041', quote: 'a "b"' }, 'a "b" \\n');
  expect(plain).toContain('INFO: a "b" \\n');
  expect(plain).toContain('quote: "a \\"b\\""');
});
