import { join } from 'node:path';
import { gzipped, lz4Packed, zstdStored } from '../support/capture-builder.js';
import { writeLongCapture } from '../support/capture-cluster.js';
import { RangeServer, type Served } from '../support/range-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { fivePackets, manyPackets, smallCapture } from '../support/small-capture.js';
import { readFileSync } from 'node:fs';

const scratch = scratchFolder();
const many = smallCapture(manyPackets(5000));
/** Longer than the requests of a part: 8 MiB. */
const long = readFileSync(writeLongCapture(join(scratch.path, 'long.pcap'), 20_000_000));
const etag = '"one"';
const lastModified = 'Sun, 22 Nov 2026 05:00:00 GMT';

let server: RangeServer;
beforeEach(async () => (server = await RangeServer.start()));
afterEach(() => server.stop());

function serve(path: string, bytes: Uint8Array, told: Partial<Served> = { etag, lastModified }): string {
  server.files.set(path, { bytes, ...told });
  return server.url(path);
}

const analyze = (...args: string[]): Promise<Ran> => runTrireme(['analyze', '--json', '-q', ...args]);

/** What the file itself gives, under the name of the URL. */
async function asFile(bytes: Uint8Array, url: string): Promise<Pick<Ran, 'code' | 'stdout'>> {
  const file = scratch.file('same.bytes', bytes);
  const { code, stdout } = await analyze(file);
  return { code, stdout: stdout.replaceAll(JSON.stringify(file), JSON.stringify(url)) };
}

test.each<[string, Uint8Array]>([
  ['a capture', many],
  ['a capture in gzip', gzipped(many)],
  ['a capture in zstd', zstdStored(many)],
  ['a capture in lz4', lz4Packed(many)],
  ['a capture cut in a record', many.subarray(0, 100_001)],
  ['an empty file', new Uint8Array(0)],
  ['no capture', Buffer.from('Dear reader, this is not a capture.\n')],
])('%s over HTTP gives the bytes that the file gives', async (_what, bytes) => {
  const url = serve('/a/it.pcap', bytes);
  const expected = await asFile(bytes, url);
  expect(await analyze(url)).toMatchObject(expected);
  expect(await analyze('--multi', '--thread-bytes', '1000', url)).toMatchObject(expected);
  server.ranges = false;
  expect(await analyze(url)).toMatchObject(expected);
});

test('bounds that are counted from the first packet are the same over HTTP, on one core and on several', async () => {
  const url = serve('/a/it.pcap', many);
  const file = scratch.file('bounded.bytes', many);
  const bounds = ['--after', '+100s', '--before', '+1000s'];
  const { stdout } = await analyze(file, ...bounds);
  const expected = stdout.replaceAll(JSON.stringify(file), JSON.stringify(url));
  for (const more of [[], ['--cores', '3', '--thread-bytes', '1000']])
    expect((await analyze(url, ...bounds, ...more)).stdout).toBe(expected);
});

test('a long capture is read in parts, on one core and on several', async () => {
  const url = serve('/long.pcap', long);
  const expected = await asFile(long, url);
  expect(await analyze(url)).toMatchObject(expected);
  const alone = server.requests.length;
  expect(alone).toBeGreaterThan(3);
  expect(await analyze('--cores', '3', '--thread-bytes', '1000000', url)).toMatchObject(expected);
  expect(server.requests.length).toBeGreaterThan(2 * alone);
  // A presigned URL is signed for GET alone: the server answers all else with 403.
  expect(new Set(server.requests.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']));
});

test('answers that break and a server that is busy for a while are asked again, from the first byte missing', async () => {
  const url = serve('/long.pcap', long);
  const expected = await asFile(long, url);
  server.failures = { status: 503, times: 1 };
  server.onRequest = (count) => {
    if (count === 3) server.breaks = { afterBytes: 700_000, times: 4 };
    if (count === 6) server.failures = { status: 500, times: 1 };
  };
  expect(await analyze(url)).toMatchObject(expected);
  expect(server.breaks.times).toBe(0);
  const starts = server.requests.map(({ headers }) => Number(/=(\d+)-/.exec(headers.range ?? '')?.[1]));
  expect(starts.filter((start) => start > 0 && (start - 1024 * 1024) % (8 * 1024 * 1024) !== 0)).not.toEqual([]);
});

test.each<[string, Partial<Served>, Partial<Served>]>([
  ['its ETag', { etag }, { etag: '"two"' }],
  ['its weak ETag', { etag: 'W/"one"' }, { etag: 'W/"two"' }],
  ['its date', { lastModified }, { lastModified: 'Sun, 22 Nov 2026 05:00:01 GMT' }],
])('a capture that is replaced in the middle, told by %s, is an error', async (_what, first, then) => {
  const url = serve('/long.pcap', long, first);
  server.onRequest = (count) => {
    if (count === 3) serve('/long.pcap', long, then);
  };
  for (const args of [[url], ['--cores', '2', '--thread-bytes', '1000000', url]]) {
    serve('/long.pcap', long, first);
    server.requests.length = 0;
    const { code, stdout, stderr } = await analyze(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trireme: http:\S+\/long.pcap: changed while it was read: .*\n$/);
    expect(JSON.parse(stdout).results[0]).toMatchObject({ error: 'changed' });
  }
});

test('a capture that shrinks, or is replaced after its last byte, is an error', async () => {
  const url = serve('/long.pcap', long, { lastModified });
  server.onRequest = (count) => {
    if (count === 2) server.files.set('/long.pcap', { bytes: long.subarray(0, 5_000_000), lastModified });
  };
  expect(await analyze(url)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/changed.*20.*bytes and has 5000000 now/),
  });
  const small = serve('/small.pcap', many);
  server.requests.length = 0;
  server.onRequest = (count) => {
    if (count === 2) serve('/small.pcap', many, { etag: '"two"' });
  };
  expect(await analyze(small)).toMatchObject({ code: 1, stderr: expect.stringMatching(/changed/) });
});

test('a server that tells neither ETag nor date is read in one go', async () => {
  const url = serve('/many.pcap', many, {});
  expect(await analyze('--multi', '--thread-bytes', '1000', url)).toMatchObject(await asFile(many, url));
  expect(server.requests.at(-1)?.headers.range).toBeUndefined();
});

test('without ranges, an answer that breaks is an error that says so', async () => {
  const url = serve('/many.pcap', many);
  server.ranges = false;
  server.breaks = { afterBytes: 100_000, times: 1 };
  const { code, stdout, stderr } = await analyze(url);
  expect(code).toBe(2);
  expect(stderr).toMatch(/sends no ranges.*cannot be resumed/);
  expect(JSON.parse(stdout).results[0].error).toBe('unreadable');
});

test('the query of a presigned URL is sent and is told to nobody', async () => {
  const url = serve('/b/many.pcap', smallCapture(fivePackets));
  server.signature = '?X-Amz-Signature=SECRET';
  const good = await runTrireme(['analyze', '--json', '--verbose', `${url}?X-Amz-Signature=SECRET#part`]);
  expect(good.code).toBe(0);
  expect(JSON.parse(good.stdout).results[0].file).toBe(url);
  expect(good.stdout + good.stderr).not.toMatch(/SECRET/);
  const bad = await runTrireme(['analyze', '--json', '--verbose', `${url}?X-Amz-Signature=WRONGSECRET`]);
  expect(bad.code).toBe(2);
  expect(bad.stderr).toMatch(/403 Forbidden.*presigned URL may have expired|expired/);
  expect(bad.stdout + bad.stderr).not.toMatch(/SECRET/);
});

test('redirects are followed, but not in circles and not to a user', async () => {
  const url = serve('/there.pcap', many);
  server.redirects.set('/here.pcap', '/there.pcap?signed=SECRET');
  server.redirects.set('/round.pcap', '/round.pcap');
  server.redirects.set('/user.pcap', url.replace('http://', 'http://user:SECRET@'));
  expect(await analyze(server.url('/here.pcap'))).toMatchObject({ code: 0 });
  expect(await analyze(server.url('/round.pcap'))).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/more than 5 times/),
  });
  const user = await analyze(server.url('/user.pcap'));
  expect(user).toMatchObject({ code: 2, stderr: expect.stringMatching(/with a user/) });
  expect(user.stderr + user.stdout).not.toMatch(/SECRET/);
});

test('what cannot be read is one line, and other captures are analysed all the same', async () => {
  const good = serve('/many.pcap', many);
  const { code, stdout, stderr } = await analyze(
    server.url('/none.pcap'),
    good,
    'http://127.0.0.1:1/refused.pcap',
    'http://user@127.0.0.1/user.pcap',
    'http://[::/wrong.pcap',
  );
  expect(code).toBe(1);
  const lines = stderr.trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/none.pcap: the server answers 404 Not Found/);
  expect(lines[1]).toMatch(/refused.pcap: connection refused/);
  expect(lines[2]).toMatch(/a user and password in a URL are not used/);
  expect(lines[3]).toMatch(/not a valid URL/);
  expect(JSON.parse(stdout).results.map((entry: { error: string | null }) => entry.error)).toEqual([
    'unreadable',
    null,
    'unreadable',
    'unreadable',
    'unreadable',
  ]);
});
