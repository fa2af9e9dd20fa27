import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adversarial, gzipped } from '../support/capture-builder.js';
import { CaptureCluster, writeLongCapture } from '../support/capture-cluster.js';
import { RangeServer } from '../support/range-server.js';
import { runTrireme, type Ran } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const long = readFileSync(writeLongCapture(join(scratch.path, 'long.pcap'), 30_000_000));
const told = { etag: '"one"', lastModified: 'Sun, 22 Nov 2026 05:00:00 GMT' };

let server: RangeServer;
let cluster: CaptureCluster;
beforeAll(async () => {
  server = await RangeServer.start();
  const args = ['--allow-url', server.url('/captures'), '--allow-url', server.url('/other/'), '--chunk-bytes', '3MiB'];
  cluster = await CaptureCluster.start([scratch.path], args);
  await Promise.all([
    cluster.addWorker(scratch.path, { slots: 2 }),
    // May not read this server, so it is sent the bytes by the master.
    cluster.addWorker(scratch.path, { args: ['--allow-url', 'https://elsewhere.example/'] }),
  ]);
});
beforeEach(() => {
  server.files.clear();
  server.requests.length = 0;
  server.onRequest = () => undefined;
  server.ranges = true;
});
afterAll(async () => {
  await cluster.stop();
  await server.stop();
});

function serve(path: string, bytes: Uint8Array, etag = told.etag): string {
  server.files.set(path, { bytes, ...told, etag });
  return server.url(path);
}

async function asFile(bytes: Uint8Array, url: string): Promise<Pick<Ran, 'code' | 'stdout'>> {
  const file = scratch.file('same.bytes', bytes);
  const { code, stdout } = await runTrireme(['analyze', '--json', '-q', file]);
  return { code, stdout: stdout.replaceAll(JSON.stringify(file), JSON.stringify(url)) };
}

test('a cluster gives for a URL the bytes that the file gives, by ranges that workers read and that the master sends', async () => {
  const url = serve('/captures/long.pcap', long);
  const expected = await asFile(long, url);
  expect(await cluster.analyze([`${url}?signature=SECRET`])).toMatchObject({ ...expected, stderr: '' });
  expect(await cluster.metric('trireme_master_source_bytes_total')).toBeGreaterThan(0);
  expect(server.requests.every(({ query }) => query === '?signature=SECRET')).toBe(true);
  const said = [...cluster.master.stderr, ...cluster.workers.flatMap(({ stderr }) => stderr)].join('\n');
  expect(said).toMatch(/captures\/long\.pcap/);
  expect(said).not.toMatch(/SECRET/);
});

test('so it does for packed captures, for what is none, and where guessed chunks go wrong', async () => {
  const small = await CaptureCluster.start([], ['--allow-url', server.origin, '--chunk-bytes', '16KiB']);
  try {
    await small.addWorker(scratch.path);
    const captures: readonly [string, Uint8Array][] = [
      ['/packed', gzipped(long.subarray(0, 5_000_000))],
      ['/empty', new Uint8Array(0)],
      ['/letter', Buffer.from('Dear reader')],
      // Chunks of these are scanned again, and the headers are walked through.
      ['/captures-inside', adversarial.capturesInside(40, 200)],
      ['/chain', adversarial.chainAcrossPackets(300, 1000)],
    ];
    const urls = captures.map(([path, bytes]) => serve(path, bytes));
    const files = captures.map(([path, bytes]) => scratch.file(path, bytes));
    const here = await runTrireme(['analyze', '--json', '-q', ...files]);
    const there = await small.analyze(urls);
    expect(there.stdout.replaceAll(server.origin, scratch.path)).toBe(here.stdout);
    expect(there.code).toBe(here.code);
  } finally {
    await small.stop();
  }
});

test('a capture that is replaced in the middle is an error, and the next analysis is none the worse', async () => {
  const url = serve('/captures/long.pcap', long);
  server.onRequest = (count) => {
    if (count === 4) serve('/captures/long.pcap', long, '"two"');
  };
  const { code, stdout, stderr } = await cluster.analyze([url]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^trireme: http:\S+long.pcap: changed while it was read: .*\n$/);
  expect(JSON.parse(stdout).results[0].error).toBe('changed');
  server.onRequest = () => undefined;
  expect(await cluster.analyze([url])).toMatchObject(await asFile(long, url));
});

test('a URL that is not below --allow-url, or is redirected out of it, is refused', async () => {
  serve('/secret/x.pcap', long);
  serve('/captures-of-others/x.pcap', long);
  server.redirects.set('/captures/out.pcap', '/secret/x.pcap?SECRET');
  for (const [url, why] of [
    [server.url('/secret/x.pcap?SECRET'), /secret\/x.pcap is not below a URL that the master allows/],
    [server.url('/captures-of-others/x.pcap'), /not below a URL that the master allows/],
    [server.url('/captures/..%2fsecret/x.pcap'), /not below a URL that the master allows/],
    [server.url('/captures/out.pcap'), /redirected to \S+secret\/x.pcap, which is not below --allow-url/],
    [server.url('/captures/none.pcap'), /404 Not Found/],
  ] as const) {
    const { code, stderr, stdout } = await cluster.analyze([url]);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
    expect(stderr + stdout).not.toMatch(/SECRET/);
  }
  expect(server.requests.filter(({ path }) => path.startsWith('/secret'))).toEqual([]);
});

test('a server that sends no ranges is refused in words that say what to do', async () => {
  const url = serve('/captures/long.pcap', long);
  server.ranges = false;
  const { code, stderr } = await cluster.analyze([url]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/sends no ranges, which a cluster needs: analyse it without --master\n$/);
});

test('a prefix that is none ends the master with one line', async () => {
  const { code, stderr } = await runTrireme(['master', '--grpc', '127.0.0.1:0', '--allow-url', 'store.example/x']);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^trireme: --allow-url 'store.example\/x': not a URL such as/);
});
