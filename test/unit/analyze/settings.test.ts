import { compileSettings, type AnalyzeOptions } from '../../../src/analyze/settings.js';
import { topAll } from '../../../src/pcap/request.js';

const base: AnalyzeOptions = { top: 10, sort: 'bytes', maxConversations: 1000 };
const compile = (files: string[], options: Partial<AnalyzeOptions> = {}) =>
  compileSettings(files, { ...base, ...options }, (name) =>
    name.endsWith('.pcap') ? 'file' : name.endsWith('-folder') ? 'folder' : 'nothing',
  );
const master = { host: '127.0.0.1', port: 1 };

test.each<[string, string[], Partial<AnalyzeOptions>, string]>([
  ['no file', [], {}, 'name a capture'],
  ['standard input twice', ['-', '-'], {}, 'was named twice'],
  ['a client alone', ['a'], { client: '1.2.3.4:5' }, '--client and --server: a connection has two ends'],
  ['a server alone', ['a'], { server: '1.2.3.4:5' }, 'give both or neither'],
  ['a malformed client', ['a'], { client: '1.2.3:5', server: '1.2.3.4:5' }, '--client: "1.2.3:5" is no endpoint'],
  ['a malformed server', ['a'], { client: '1.2.3.4:5', server: 'x' }, '--server: "x" is no endpoint'],
  ['ends of two IP versions', ['a'], { client: '1.2.3.4:5', server: '[::1]:5' }, 'two IP versions'],
  ['json and csv', ['a'], { json: true, csv: true }, 'choose one'],
  ['a wait without a master', ['a'], { wait: 1000 }, 'needs --master'],
  ['all cores and a master', ['a'], { multi: true, master }, 'choose one'],
  ['an unknown table', ['a'], { csv: 'hosts' }, `--csv 'hosts' is no table and no file`],
  ['a table misspelt', ['a'], { csv: 'endpoint' }, 'a folder for all of them is written with a slash'],
  ['a capture misspelt after --csv', ['a'], { csv: 'tmp/b.pcpa' }, 'is no table and no file'],
  ['the table of TCP without --tcp', ['a'], { csv: 'tcp', names: true }, '--csv tcp is a table of what --tcp counts'],
  ['a table of names without --names', ['a'], { csv: 'dns_names', tcp: true }, 'what --names counts: add --names'],
  ['what addresses were called without --names', ['a'], { csv: 'addresses' }, '--csv addresses is a table of what'],
  ['two forms on standard output', ['a'], { html: '-', json: true }, 'choose one'],
  ['a folder for the report', ['a'], { html: 'a-folder' }, 'name a file, such as a-folder/report.html'],
  ['more rows than text holds', ['a'], { top: 1_000_001 }, 'to 1000000, the most rows of text: --top all with'],
  [
    'more rows than --inner tells',
    ['a'],
    { top: 1_000_001, inner: true, json: true },
    'to 1000000, the most rows that have the columns of --inner',
  ],
  [
    'more rows than --community-id tells',
    ['a'],
    { top: 1_000_001, communityId: true, csv: true },
    'to 1000000, the most rows',
  ],
  ...(['inner', 'tcp', 'names', 'communityId'] as const).map(
    (option): [string, string[], Partial<AnalyzeOptions>, string] => [
      `all rows with ${option}`,
      ['a'],
      { top: topAll, [option]: true, json: true },
      '--top all is more than 1000000 rows, the most rows that have the columns of --inner, --tcp, --names and --community-id: ask',
    ],
  ),
  ['all rows as text', ['a'], { top: topAll }, '--top all is more than 1000000 rows, the most rows of text'],
  [
    'all rows of a cluster',
    ['a'],
    { top: topAll, master },
    '--top all is more than 50000 rows, the most rows that fit',
  ],
  ['more rows than --tcp tells', ['a'], { top: 1_000_001, tcp: true, json: true }, 'the columns of --inner, --tcp'],
  [
    'more conversations than --tcp holds',
    ['a'],
    { maxConversations: 4_194_305, tcp: true },
    'which is the most with --tcp',
  ],
  ['--names of a submitted analysis', [], { resume: ['1'], master, names: true }, '--names was settled when'],
  ['--tcp of a submitted analysis', [], { resume: ['1'], master, tcp: true }, '--tcp was settled when analysis 1'],
  [
    '--inner of a submitted analysis',
    [],
    { resume: ['1'], master, inner: true },
    '--inner was settled when analysis 1',
  ],
  ['Parquet tables on standard output', ['a'], { parquet: '-' }, '--parquet - is no folder'],
  ['Parquet tables in a file', ['a'], { parquet: 'b.pcap' }, '--parquet b.pcap is a file: name a folder'],
  ['Parquet tables of what nobody waits for', ['a'], { parquet: 'p', master, detach: true }, 'give it with --resume'],
  ['more rows than a message of the cluster holds', ['a'], { top: 60_000, master }, 'from 1 to 50000, the most'],
])('%s is wrong usage', (_name, files, options, message) => {
  expect(() => compile(files, options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => compile(files, options)).toThrow(message);
});

test.each([
  [{}, null],
  [{ communityId: true }, 0],
  [{ communityIdSeed: 7 }, 7],
])('Community IDs are told with %j by the seed %j', (options, seed) => {
  expect(compile(['a'], options).communityIdSeed).toBe(seed);
});

test('an endpoint is taken in every spelling and kept in one', () => {
  const { connection } = compile(['a'], { client: '[2001:DB8:0:0:0:0:0:1]:80', server: '[::1]:5' }).scan;
  expect(connection).toEqual({ client: '[2001:db8::1]:80', server: '[::1]:5' });
});

test.each<[string | true | undefined, unknown, string[]]>([
  [undefined, { form: 'text' }, ['a']],
  [true, { form: 'csv', table: 'conversations' }, ['a']],
  ['endpoints', { form: 'csv', table: 'endpoints' }, ['a']],
  ['b.pcap', { form: 'csv', table: 'conversations' }, ['b.pcap', 'a']],
])('--csv %s', (csv, output, files) => {
  const settings = compile(['a'], { csv });
  expect([settings.output, settings.files]).toEqual([output, files]);
});

test('a table of names or of TCP is told where it was counted, and of an analysis that is resumed', () => {
  const tableOf = (...[files, options]: Parameters<typeof compile>): unknown => compile(files, options).output;
  expect(tableOf(['a'], { csv: 'tls_names', names: true })).toEqual({ form: 'csv', table: 'tls_names' });
  expect(tableOf(['a'], { csv: 'tcp', tcp: true })).toEqual({ form: 'csv', table: 'tcp' });
  const resumed = { top: undefined, resume: ['1'], master };
  for (const csv of ['tcp', 'addresses']) expect(tableOf([], { ...resumed, csv })).toEqual({ form: 'csv', table: csv });
});

test.each([['a-folder'], ['tables/'], ['tmp/tables'], ['/tmp/tables']])('--csv %s is a folder', (csv) => {
  const settings = compile(['a'], { csv });
  expect(settings).toMatchObject({ output: { form: 'text' }, written: { csvFolder: csv }, files: ['a'] });
});

test('a report beside another form of output, or in its place', () => {
  expect(compile(['a'], { html: 'r.html', json: true })).toMatchObject({
    output: { form: 'json' },
    written: { html: 'r.html' },
  });
  expect(compile(['a'], { html: '-' })).toMatchObject({ output: { form: 'html' }, written: { html: null } });
});

test('Parquet tables have every row that the analysis can give, or as many as were asked for', () => {
  const rows = (options: Partial<AnalyzeOptions>): unknown =>
    compile(['a'], { parquet: 'tables', ...options }).written.parquet;
  expect(rows({ top: undefined })).toEqual({ folder: 'tables', top: 33_554_432, topAsked: false });
  expect(rows({ top: undefined, tcp: true })).toEqual({ folder: 'tables', top: 250_000, topAsked: false });
  expect(rows({ top: undefined, master })).toEqual({ folder: 'tables', top: 50_000, topAsked: false });
  expect(rows({ top: 7, tcp: true })).toEqual({ folder: 'tables', top: 7, topAsked: true });
  expect(compile(['a'], {}).written.parquet).toBeNull();
});

test('all rows for Parquet alone are what it has where nobody says', () => {
  for (const further of [{}, { names: true }, { tcp: true }, { master }]) {
    const { top, written } = compile(['a'], { parquet: 'tables', ...further, top: topAll });
    const unsaid = compile(['a'], { parquet: 'tables', ...further, top: undefined });
    expect([top, written]).toEqual([unsaid.top, unsaid.written]);
  }
  expect(compile(['a'], { parquet: 'tables', json: true, top: topAll }).top).toBe(topAll);
  for (const form of [{ json: true }, { csv: true as const }, { html: '-' }])
    expect(() => compile(['a'], { parquet: 'tables', names: true, ...form, top: topAll })).toThrow('--top all is more');
});

test('files hold more rows than the text unless it is said how many', () => {
  expect(compile(['a'], { top: undefined })).toMatchObject({ top: 10, written: { top: 500 } });
  expect(compile(['a'], { top: 7 })).toMatchObject({ top: 7, written: { top: 7 } });
});

test('files of --pcap come before the others', () => {
  expect(compile(['b'], { read: ['a'] }).files).toEqual(['a', 'b']);
});

test('one core unless more are asked for', () => {
  expect(compile(['a']).threadsMax).toBe(1);
  expect(compile(['a'], { multi: true }).threadsMax).toBeGreaterThan(0);
  expect(compile(['a'], { multi: true, cores: 3 }).threadsMax).toBe(3);
});
