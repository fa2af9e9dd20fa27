import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCommand } from '../../../src/analyze/command.js';
import { compileSettings } from '../../../src/analyze/settings.js';
import { compileOptions, type AnalyzeOptions as LibraryOptions } from '../../../src/api/options.js';
import { TriremeError } from '../../../src/common/errors.js';
import { projectRoot } from '../../../src/common/version.js';
import type { AnalyzeOptions as WireOptions } from '../../../src/gen/trireme/v1/capture.js';
import { compileRequest } from '../../../src/master/request.js';
import {
  conversationsHeldMax,
  conversationsMaxDefault,
  intervalNsMax,
  sortDefault,
  sortOrders,
  topDefault,
  topMessageMax,
  topObjectsMax,
  waitMsDefault,
  waitMsMax,
  type CompiledRequest,
} from '../../../src/pcap/request.js';

/** One question, as each side is asked it. */
interface Question {
  /** Option of the command line and its value. */
  readonly line: readonly string[];
  readonly wire: Partial<WireOptions>;
  readonly library: LibraryOptions;
}

type Side = (question: Question) => CompiledRequest;

/** What the command line makes of a question, by its own parsers. */
const commandLine =
  (...more: string[]): Side =>
  ({ line }) => {
    const command = buildCommand().exitOverride();
    command.configureOutput({ writeErr: () => undefined });
    command.parseOptions([...line, ...more]);
    return compileSettings(['a.pcap'], { ...command.opts(), master: command.opts().master }, () => 'file');
  };

const left = { client: '', server: '', top: 0, sort: '', intervalNs: 0n, conversationsMax: 0 };
const sides: Readonly<Record<string, Side>> = {
  'the command line': commandLine('--json'),
  'the command line with --master': commandLine('--json', '--master', '127.0.0.1:1'),
  'a gRPC caller': ({ wire }) =>
    compileRequest({
      ...{ path: 'a.pcap', identity: undefined, waitMs: 0, name: '', detach: false },
      options: { ...left, filter: '', filterTags: '', ...wire },
    }),
  'the package': ({ library }) => compileOptions(library),
};

/** What the sides call the same thing. */
const synonyms: readonly [RegExp, string][] = [
  [/--max-conversations|conversations_max|conversationsMax/g, 'CONVERSATIONS'],
  [/--interval|interval_ns|intervalNs/g, 'INTERVAL'],
  [/--filter-tags|filter_tags|filterTags/g, 'TAGS'],
  [/--after|after_ns|afterNs/g, 'AFTER'],
  [/--before|before_ns|beforeNs/g, 'BEFORE'],
  [/(--|connection\.)(?=client|server|top|sort|filter)/g, ''],
];

/** The checked request without its random seed; or the refusal, whatever the side calls what it refuses. */
function answerOf(side: Side, question: Question): unknown {
  try {
    const { scan, top, sort } = side(question);
    return { ...scan, hashSeed: undefined, top, sort };
  } catch (error) {
    const { code, message } = TriremeError.from(error);
    return { code, words: synonyms.reduce((words, [names, one]) => words.replaceAll(names, one), message) };
  }
}

const one = (
  option: string,
  value: string,
  field: keyof WireOptions & keyof LibraryOptions,
  said: unknown,
): Question => ({
  line: [option, value],
  wire: { [field]: said },
  library: { [field]: said },
});
const ends = (client: string, server: string): Question => ({
  line: ['--client', client, '--server', server],
  wire: { client, server },
  library: { connection: { client, server } },
});
const span = (after: bigint, before: bigint): Question => ({
  line: ['--after', `${after / 10n ** 9n}`, '--before', `${before / 10n ** 9n}`],
  wire: { afterNs: after, beforeNs: before },
  library: { afterNs: after, beforeNs: before },
});

const accepted: readonly [string, Question][] = [
  ['nothing', { line: [], wire: {}, library: {} }],
  ['5 conversations', one('--max-conversations', '5', 'conversationsMax', 5)],
  ['1 conversation', one('--max-conversations', '1', 'conversationsMax', 1)],
  [
    'most conversations',
    one('--max-conversations', `${conversationsHeldMax}`, 'conversationsMax', conversationsHeldMax),
  ],
  ['1 row', one('--top', '1', 'top', 1)],
  ['most rows of a message', one('--top', `${topMessageMax}`, 'top', topMessageMax)],
  ...sortOrders.map((sort): [string, Question] => [`order ${sort}`, one('--sort', sort, 'sort', sort)]),
  ['the shortest interval', one('--interval', '1ns', 'intervalNs', 1n)],
  [
    'the longest interval',
    one('--interval', `${intervalNsMax / 10n ** 9n}.${intervalNsMax % 10n ** 9n}s`, 'intervalNs', intervalNsMax),
  ],
  ['a connection in any spelling', ends('[2001:DB8:0::1]:80', '[::1]:443')],
  ['a filter', one('--filter', 'tcp port 443', 'filter', 'tcp port 443')],
  ['the health of TCP', { line: ['--tcp'], wire: { tcp: true }, library: { tcp: true } }],
  ['names', { line: ['--names'], wire: { names: true }, library: { names: true } }],
  ['what is inside of tunnels', { line: ['--inner'], wire: { inner: true }, library: { inner: true } }],
  ['a span', span(10n ** 18n, 2n * 10n ** 18n)],
];

const refused: readonly [string, Question, RegExp][] = [
  [
    '50,000,000 conversations',
    one('--max-conversations', '50000000', 'conversationsMax', 50_000_000),
    /^CONVERSATIONS 50000000 is not a whole number from 1 to 16777216$/,
  ],
  [
    'an interval over the longest',
    one('--interval', '3000000000s', 'intervalNs', 3n * 10n ** 18n),
    /^INTERVAL of 3000000000000000000 ns is not from 1 to 1152921504606846976 ns$/,
  ],
  [
    'an unknown order',
    one('--sort', 'size', 'sort', 'size'),
    /^sort 'size' is none of bytes, packets, duration, start/,
  ],
  ['an end that is none', ends('x', '1.2.3.4:5'), /^client: "x" is no endpoint/],
  [
    'ends of two IP versions',
    ends('1.2.3.4:5', '[::1]:5'),
    /^client 1.2.3.4:5 and server \[::1\]:5 are of two IP versions/,
  ],
  ['an empty filter', one('--filter', ' ', 'filter', ' '), /^filter is empty/],
  ['a filter that is none', one('--filter', 'tcp port', 'filter', 'tcp port'), /tcp port/],
  [
    'tags without a filter',
    one('--filter-tags', 'transparent', 'filterTags', 'transparent'),
    /^TAGS says what filter sees/,
  ],
  ['a span that ends before it begins', span(2n * 10n ** 18n, 10n ** 18n), /^AFTER is not before BEFORE: no packet/],
];

test.each(accepted)('%s: every side makes the same request of it', (_what, question) => {
  const answers = Object.entries(sides).map(([name, side]) => [name, answerOf(side, question)]);
  expect(answers).toEqual(answers.map(([name]) => [name, answers[0][1]]));
  expect(answers[0][1]).toHaveProperty('conversationsMax');
});

test.each(refused)('%s: every side refuses it in the same words', (_what, question, words) => {
  const answers = Object.entries(sides).map(([name, side]) => [name, answerOf(side, question)]);
  expect(answers).toEqual(answers.map(([name]) => [name, answers[0][1]]));
  expect(answers[0][1]).toEqual({ code: 'USAGE', words: expect.stringMatching(words) as string });
});

test('more rows than a message holds are refused alike by both ways to a cluster', () => {
  const question = one('--top', `${topMessageMax + 1}`, 'top', topMessageMax + 1);
  const words = answerOf(sides['a gRPC caller'], question);
  expect(answerOf(sides['the command line with --master'], question)).toEqual(words);
  expect(words).toMatchObject({
    words: expect.stringContaining('50001 is not a whole number from 1 to 50000, the most'),
  });
});

describe('the documents name each bound and default', () => {
  const comments = (file: string): string => readFileSync(join(projectRoot, file), 'utf8');
  const number = (value: number | bigint): string => value.toLocaleString('en');

  test('of the wire', () => {
    const proto = comments('proto/trireme/v1/capture.proto');
    for (const text of [
      `Rows of each table, 1 to ${number(topMessageMax)}; 0 is ${topDefault}.`,
      `${sortOrders.slice(0, -1).join(', ')} or ${sortOrders.at(-1)}; empty is ${sortDefault}.`,
      `1 to ${number(intervalNsMax)}; 0 is no series.`,
      `1 to ${number(conversationsHeldMax)}; 0 is ${number(conversationsMaxDefault)}.`,
      `at most ${number(waitMsMax)}; 0 is the master's default, ${number(waitMsDefault)} where`,
    ])
      expect(proto).toContain(text);
  });

  test('of the package', () => {
    const options = comments('src/api/options.ts');
    for (const text of [
      `1 to ${number(topObjectsMax)} (\`--top\`). Default ${topDefault}.`,
      `1 to ${number(conversationsHeldMax)} (\`--max-conversations\`). Default ${number(conversationsMaxDefault)}.`,
      `Default \`${sortDefault}\`.`,
      '1 to 2^60 (`--interval`)',
    ])
      expect(options).toContain(text);
    expect(intervalNsMax).toBe(2n ** 60n);
  });
});
