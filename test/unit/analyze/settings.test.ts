import { compileSettings, type AnalyzeOptions } from '../../../src/analyze/settings.js';

const base: AnalyzeOptions = { top: 10, sort: 'bytes', maxConversations: 1000 };
const compile = (files: string[], options: Partial<AnalyzeOptions> = {}) =>
  compileSettings(files, { ...base, ...options }, (name) => name.endsWith('.pcap'));
const master = { host: '127.0.0.1', port: 1 };

test.each<[string, string[], Partial<AnalyzeOptions>, string]>([
  ['no file', [], {}, 'name a capture'],
  ['standard input twice', ['-', '-'], {}, 'was named twice'],
  ['a client alone', ['a'], { client: '1.2.3.4:5' }, '--client needs --server'],
  ['a server alone', ['a'], { server: '1.2.3.4:5' }, '--server needs --client'],
  ['a malformed client', ['a'], { client: '1.2.3:5', server: '1.2.3.4:5' }, '--client: "1.2.3:5" is no endpoint'],
  ['a malformed server', ['a'], { client: '1.2.3.4:5', server: 'x' }, '--server: "x" is no endpoint'],
  ['ends of two IP versions', ['a'], { client: '1.2.3.4:5', server: '[::1]:5' }, 'two IP versions'],
  ['json and csv', ['a'], { json: true, csv: true }, 'choose one'],
  ['a wait without a master', ['a'], { wait: 1000 }, 'needs --master'],
  ['all cores and a master', ['a'], { multi: true, master }, 'choose one'],
  ['an unknown table', ['a'], { csv: 'hosts' }, `--csv 'hosts' is no table and no file`],
  ['more rows than a message of the cluster holds', ['a'], { top: 60_000, master }, 'is over 50000'],
])('%s is wrong usage', (_name, files, options, message) => {
  expect(() => compile(files, options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => compile(files, options)).toThrow(message);
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

test('files of --pcap come before the others', () => {
  expect(compile(['b'], { read: ['a'] }).files).toEqual(['a', 'b']);
});

test('one core unless more are asked for', () => {
  expect(compile(['a']).threadsMax).toBe(1);
  expect(compile(['a'], { multi: true }).threadsMax).toBeGreaterThan(0);
  expect(compile(['a'], { multi: true, cores: 3 }).threadsMax).toBe(3);
});
