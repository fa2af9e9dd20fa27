import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { askedBytesMax } from '../../src/master/page-actions.js';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { askPage } from '../support/page-caller.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const captures = join(projectRoot, 'captures');
const sample = readFileSync(join(captures, 'sample.pcap'));
const spool = join(scratch.path, 'spool');
const spoolBytesMax = 2_000_000;
let cluster: CaptureCluster;

beforeAll(async () => {
  cluster = await CaptureCluster.start([captures], ['--spool', spool, '--spool-bytes-max', String(spoolBytesMax)]);
});
afterAll(() => cluster.stop());

const post = (path: string, body: Uint8Array | object | null, changed = {}): ReturnType<typeof askPage> =>
  askPage(cluster.admin, path, body, changed);
const spooled = (): string[] =>
  readdirSync(spool, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.capture'));
const known = async (): Promise<number> =>
  ((await (await fetch(`http://${cluster.admin}/api/analyses`)).json()) as unknown[]).length;
const get = (path: string): Promise<Response> => fetch(`http://${cluster.admin}${path}`);
const stateOf = async (id: string): Promise<string> =>
  ((await (await get(`/api/analyses/${id}`)).json()) as { analysis: { state: string } }).analysis.state;

describe('while no worker is there', () => {
  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ['a form, which has no header of its own', { 'x-trireme': undefined }, /the header x-trireme is missing/],
    [
      'a page of another origin',
      { origin: 'http://evil.example' },
      /pages of the origin "http:\/\/evil.example" may not/,
    ],
    ['a page without an origin', { origin: 'null' }, /pages of the origin "null" may not/],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }, /may not do this/],
    ['a page of another site, as the browser says', { 'sec-fetch-site': 'cross-site' }, /another site sends this/],
    ['a page of a sister site, as the browser says', { 'sec-fetch-site': 'same-site' }, /another site sends this/],
  ])('what %s sends is refused, and nothing of it is taken', async (_who, changed, message) => {
    for (const [path, body] of [
      ['/api/captures?name=a', sample],
      ['/api/analyses', { path: 'sample.pcap' }],
      ['/api/analyses/0123456789abcdef/cancel', null],
    ] as const) {
      const { status, body: said } = await post(path, body, changed);
      expect([path, status, said.code]).toEqual([path, 403, 'NOT_ALLOWED']);
      expect(said.message).toMatch(message);
    }
    expect([spooled(), await known()]).toEqual([[], 0]);
  });

  test('no page of another site is allowed to ask', async () => {
    const asked = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
    const { status, headers } = await fetch(`http://${cluster.admin}/api/captures`, {
      method: 'OPTIONS',
      headers: asked,
    });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });

  test.each<[string, string, Uint8Array | object | null, Record<string, string>, number, RegExp]>([
    ['no bytes', '/api/captures', Buffer.alloc(0), {}, 400, /^USAGE: the body is empty/],
    [
      'another type',
      '/api/captures',
      sample,
      { 'content-type': 'text/plain' },
      400,
      /^USAGE: the content-type is "text\/plain": send application\/octet-stream/,
    ],
    ['a wrong filter', '/api/captures?filter=tcp+prot', sample, {}, 400, /^USAGE: .*prot/],
    ['what is no field', '/api/captures?fiter=tcp', sample, {}, 400, /^USAGE: 'fiter' is no field: there are name, /],
    ['a field twice', '/api/captures?tcp=true&tcp=false', sample, {}, 400, /^USAGE: 'tcp' was said twice/],
    ['neither true nor false', '/api/captures?tcp=yes', sample, {}, 400, /^USAGE: tcp 'yes' is neither true nor false/],
    ['a time that is none', '/api/captures?after=noon', sample, {}, 400, /^USAGE: after: 'noon' is not a time/],
    ['too many rows', '/api/captures?top=50001', sample, {}, 400, /^USAGE: top 50001 is not a whole number/],
    [
      'a path with the bytes',
      '/api/captures?path=x',
      sample,
      {},
      400,
      /^USAGE: path names a capture that the master sees/,
    ],
    ['no path', '/api/analyses', {}, {}, 400, /^USAGE: path is empty/],
    ['a path outside', '/api/analyses', { path: '/etc/passwd' }, {}, 403, /^PATH_REFUSED/],
    ['a path that is not there', '/api/analyses', { path: 'none.pcap' }, {}, 404, /^FILE_UNREADABLE/],
    ['a URL that is not allowed', '/api/analyses', { path: 'http://127.0.0.1:1/a.pcap' }, {}, 403, /^PATH_REFUSED/],
    ['no object', '/api/analyses', ['sample.pcap'], {}, 400, /^USAGE: the body is no object in JSON/],
    [
      'a value that is none',
      '/api/analyses',
      { path: { a: 1 } },
      {},
      400,
      /^USAGE: 'path' is neither text nor a number/,
    ],
    [
      'too long a request',
      '/api/analyses',
      { path: 'x'.repeat(askedBytesMax) },
      {},
      400,
      /^USAGE: the request has over 65536 bytes/,
    ],
    [
      'JSON of another type',
      '/api/analyses',
      { path: 'sample.pcap' },
      { 'content-type': 'text/plain' },
      400,
      /send application\/json/,
    ],
    ['an analysis that is not there', '/api/analyses/0123456789abcdef/cancel', null, {}, 404, /^NO_ANALYSIS/],
    ['what is nothing', '/api/none', null, {}, 404, /nothing is asked for by POST at \/api\/none/],
  ])('%s is refused in words, and nothing stays', async (_what, path, body, changed, status, message) => {
    const answer = await post(path, body, changed);
    expect([answer.status, `${answer.body.code}: ${answer.body.message}`]).toEqual([
      status,
      expect.stringMatching(message),
    ]);
    expect([spooled(), await known()]).toEqual([[], 0]);
  });

  test('a capture for which the spool has no room is refused before it is taken, and one of unknown length in the midst', async () => {
    const long = readFileSync(writeLongCapture(join(scratch.path, 'long.pcap'), spoolBytesMax + 1));
    const { status, body } = await post('/api/captures', long);
    expect([status, body.code]).toEqual([429, 'LIMIT_REACHED']);
    expect(body.message).toMatch(/takes at most 2000000 \(--spool-bytes-max\)/);
    const socket = connect(Number(cluster.admin.split(':')[1]), '127.0.0.1');
    socket.on('error', () => undefined);
    let heard = '';
    socket.on('data', (data: Buffer) => (heard += data.toString()));
    const type = 'content-type: application/octet-stream\r\ntransfer-encoding: chunked\r\nx-trireme: 1';
    socket.write(`POST /api/captures HTTP/1.1\r\nhost: localhost\r\n${type}\r\n\r\n${long.length.toString(16)}\r\n`);
    socket.write(long);
    await eventually('the refusal', () => heard.includes('LIMIT_REACHED'));
    // The connection is not read for ever.
    await new Promise((resolve) => socket.once('close', resolve));
    expect([heard.slice(0, 12), spooled()]).toEqual(['HTTP/1.1 429', []]);
  });

  test('what came of an upload is removed when its sender goes', async () => {
    const socket = connect(Number(cluster.admin.split(':')[1]), '127.0.0.1');
    socket.on('error', () => undefined);
    const type = `content-type: application/octet-stream\r\ncontent-length: ${sample.length}\r\nx-trireme: 1`;
    socket.write(`POST /api/captures HTTP/1.1\r\nhost: localhost\r\n${type}\r\n\r\n`);
    socket.write(sample.subarray(0, sample.length / 2));
    await eventually('the file', () => spooled().length === 1);
    socket.destroy();
    await eventually('its end', () => spooled().length === 0);
    await cluster.master.line('upload failed', ({ error }) => /the client is gone after \d+ bytes/.test(String(error)));
    expect(await known()).toBe(0);
  });

  test('an analysis that waits is cancelled, its capture goes, and it has no report', async () => {
    const { status, body } = await post('/api/captures?name=waits.pcap', sample);
    expect([status, body.analysis?.name, spooled().length]).toEqual([201, 'waits.pcap', 1]);
    const { id } = body.analysis!;
    const cancelled = await post(`/api/analyses/${id}/cancel`, null);
    expect([cancelled.status, cancelled.body.analysis?.state]).toEqual([200, 'cancelled']);
    await eventually('the end of its file', () => spooled().length === 0);
    const report = await get(`/api/analyses/${id}/report.json`);
    expect([report.status, await report.text()]).toEqual([
      404,
      expect.stringMatching(/NO_ANALYSIS.*has no report: it is cancelled \(CANCELLED: cancelled on request\)/),
    ]);
  });
});

describe('with a worker', () => {
  const ids: string[] = [];

  beforeAll(async () => {
    await cluster.addWorker(captures);
    const sent = await post('/api/captures?name=sample.pcap&tcp=true', sample);
    const named = await post('/api/analyses', { path: 'sample.pcap', tcp: true });
    ids.push(...[sent, named].map(({ body }) => body.analysis!.id));
    for (const id of ids) await eventually('the end', async () => (await stateOf(id)) === 'done');
  });

  const printed = (args: readonly string[]): Promise<{ stdout: string }> =>
    runTrireme(['analyze', 'sample.pcap', '--tcp', '-q', ...args], { cwd: captures });

  test.each<[string, readonly string[]]>([
    ['report.json', ['--json', '--top', '20000']],
    ['report.json?top=3', ['--json', '--top', '3']],
    ['report.csv', ['--csv', 'conversations', '--top', '20000']],
    ['report.csv?table=tcp&top=5', ['--csv', 'tcp', '--top', '5']],
    ['report.html', ['--html', '-']],
    ['report', ['--html', '-']],
  ])('%s has the bytes of analyze %s, sent or named', async (path, args) => {
    const { stdout } = await printed(args);
    expect(stdout.length).toBeGreaterThan(100);
    for (const id of ids) expect(await (await get(`/api/analyses/${id}/${path}`)).text()).toBe(stdout);
  });

  test('the tables that files have beside them are there too', async () => {
    const folder = join(scratch.path, 'tables/');
    await printed(['--csv', folder]);
    for (const table of ['pairs', 'series'])
      expect(await (await get(`/api/analyses/${ids[0]}/report.csv?table=${table}`)).text()).toBe(
        readFileSync(join(folder, `${table}.csv`), 'utf8'),
      );
  });

  test('curl sends a capture and saves a report, as the document says', async () => {
    if (spawnSync('curl', ['--version']).error !== undefined) return console.log('SKIP: curl is not installed');
    writeFileSync(join(scratch.path, 'day.pcap'), sample);
    const run = (line: string): string => {
      const here = line.replace('127.0.0.1:9101', cluster.admin);
      return spawnSync('sh', ['-c', here], { cwd: scratch.path, encoding: 'utf8' }).stdout;
    };
    const sent = run(
      "curl -H 'x-trireme: 1' -H 'content-type: application/octet-stream' --data-binary @day.pcap " +
        "'127.0.0.1:9101/api/captures?name=day.pcap'",
    );
    const { id } = (JSON.parse(sent) as { analysis: { id: string } }).analysis;
    await eventually('the end', async () => (await stateOf(id)) === 'done');
    run(`curl -O 127.0.0.1:9101/api/analyses/${id}/report.html`);
    expect(readFileSync(join(scratch.path, 'report.html'), 'utf8')).toContain('<title>day.pcap – capture report');
  });

  test('a report is a file with a safe name, or drawn in a sandbox of its own', async () => {
    const { body } = await post('/api/captures?name=../%22a%0d%0ab%22.pcap', sample);
    const { id } = body.analysis!;
    await eventually('the end', async () => (await stateOf(id)) === 'done');
    const saved = (await get(`/api/analyses/${id}/report.html`)).headers;
    expect(saved.get('content-disposition')).toBe('attachment; filename="a_b_.pcap.html"');
    const shown = (await get(`/api/analyses/${id}/report`)).headers;
    expect(shown.get('content-disposition')).toBe(null);
    for (const headers of [saved, shown]) {
      expect(headers.get('content-security-policy')).toBe("sandbox allow-scripts; frame-ancestors 'self'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });

  test.each<[string, RegExp]>([
    ['report.csv?table=none', /'none' is no table: there are conversations, /],
    ['report.csv?table=dns_names', /did not count what the table 'dns_names' tells/],
    ['report.json?top=0', /top '0' is not a whole number from 1 on/],
  ])('%s is refused in words', async (path, message) => {
    const answer = await get(`/api/analyses/${ids[0]}/${path}`);
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(message)]);
  });

  test('of bytes that are no capture the report says so, as on the command line, and nothing of them stays', async () => {
    const { body } = await post('/api/captures?name=notes.txt', Buffer.from('these are notes and no capture'));
    const { id } = body.analysis!;
    await eventually('the end', async () => (await stateOf(id)) === 'done');
    const { results } = (await (await get(`/api/analyses/${id}/report.json`)).json()) as { results: object[] };
    expect(results).toMatchObject([{ file: 'notes.txt', error: 'not-a-capture' }]);
    await eventually('the end of its file', () => spooled().length === 0);
  });

  test('the live document has those that ended, with why', async () => {
    const live = (await (await get('/api/live')).json()) as {
      takesCaptures: boolean;
      ended: Record<string, unknown>[];
    };
    expect(live.takesCaptures).toBe(true);
    expect(live.ended.map(({ file, state, error }) => [file, state, error])).toEqual(
      expect.arrayContaining([
        ['sample.pcap', 'done', ''],
        ['waits.pcap', 'cancelled', 'CANCELLED: cancelled on request'],
      ]),
    );
  });
});

test('with --admin-read-only nothing may be asked, with or without what a page sends', async () => {
  const free = '127.0.0.1:0';
  writeFileSync(join(scratch.path, 'x.pcap'), sample);
  const args = ['--grpc', free, '--admin', free, '--captures', scratch.path, '--spool', join(scratch.path, 'spool-2')];
  const master = RunningRole.start(['master', ...args, '--admin-read-only']);
  try {
    const { admin } = (await master.line('listening')) as { admin: string };
    for (const path of ['/api/captures', '/api/analyses', '/api/analyses/0123456789abcdef/cancel'])
      expect([path, (await askPage(admin, path, sample)).status]).toEqual([path, 405]);
    const live = (await (await fetch(`http://${admin}/api/live`)).json()) as { takesCaptures: boolean };
    expect(live.takesCaptures).toBe(false);
  } finally {
    await master.end();
  }
});
