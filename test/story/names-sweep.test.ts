import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as passes } from 'node:timers/promises';
import { basename, join } from 'node:path';
import { toCanonicalJson } from '../../src/pcap/rows/json-pieces.js';
import { projectRoot } from '../../src/common/version.js';
import { cryptoFrame, initialPacket, padded, udpCapture } from '../support/capture-builder/quic-traces.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { clientHello, tlsCapture } from '../support/capture-builder/tls-traces.js';
import { CaptureCluster } from '../support/capture-cluster.js';
import { cutCapture } from '../support/cut-capture.js';
import { headerOf, plansAt, reportOptions, scanOptions, scanSplit, scanWhole } from '../support/engine.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { sharedCapturePaths } from '../support/shared-captures.js';

/** All shared captures, and a cluster that loses a worker, with TRIREME_SWEEP=1: some minutes. */
const sweeping = process.env.TRIREME_SWEEP === '1';
const testMs = sweeping ? 900_000 : 60_000;
const scratch = scratchFolder();

const hello = clientHello({ name: 'sweep.tls.example', versions: [0x0304], padding: 1500 });
const [get, body] = [Buffer.from('GET / HTTP/1.1\r\nAccept: */*\r\n'), Buffer.from('Host: sweep.example\r\n\r\n')];
const quic = [1, 0].map((i, number) => {
  const frames = cryptoFrame(800 * i, hello.subarray(5 + 800 * i, i === 0 ? 805 : undefined));
  return { client: 6, data: initialPacket({ id: Buffer.alloc(8, 7), number, frames: padded(1162, frames) }) };
});
const segments = [
  { client: 2, seq: 1, data: hello.subarray(0, 1000) },
  { client: 4, seq: 1, data: get, port: 80 },
  { client: 2, seq: 1001, data: hello.subarray(1000) },
  { client: 4, seq: 1 + get.length, data: body, port: 80 },
];
const traffic = namedTraffic(300);
const made = scratch.file(
  'made.pcap',
  Buffer.concat([
    ...[traffic.subarray(0, 24), tlsCapture(segments).subarray(24), udpCapture(quic).subarray(24)],
    traffic.subarray(24),
  ]),
);
const files = [made, ...(sweeping ? sharedCapturePaths() : [])];

type Entry = Readonly<Record<string, unknown>> & { readonly file: string; readonly packets?: number };
const asked = ['analyze', '--inner', '--tcp', '--names', '--interval', '10s', '--json', '--top', '50', '-q'];

async function entriesOf(args: readonly string[]): Promise<Entry[]> {
  const { stdout } = await runTrireme([...asked, ...args]);
  return (JSON.parse(stdout) as { results: Entry[] }).results;
}

let whole: Entry[];
beforeAll(async () => {
  whole = await entriesOf(files);
}, testMs);

/** Files whose entries differ. */
const differing = (entries: readonly Entry[]): string[] =>
  whole.filter((entry, i) => JSON.stringify(entry) !== JSON.stringify(entries[i])).map(({ file }) => basename(file));

test('names are told of each kind of traffic that is made here', () => {
  expect(whole[0].names).toMatchObject({
    tls: { hellos: 2, over_quic: 1, incomplete: 0 },
    http: { hosts: { rows: [{ host: 'sweep.example' }] } },
  });
});

test(
  'two threads tell of captures what one tells',
  async () => {
    expect(differing(await entriesOf(['--cores', '2', '--thread-bytes', '1', ...files]))).toEqual([]);
  },
  testMs,
);

test(
  '64 chunks of a capture tell what the whole tells',
  () => {
    const options = { ...scanOptions, inner: true, tcp: true, names: true, intervalNs: '10000000000' };
    let captures = 0;
    const wrong = files.filter((file) => {
      const bytes = readFileSync(file);
      const one = scanWhole(bytes, options, undefined, reportOptions);
      if (one.error !== null || one.packets === 0n || one.packets === 0) return false;
      const { length } = bytes;
      const places = Array.from({ length: 63 }, (_, i) => Math.floor((length * (i + 1)) / 64));
      const inside = [...new Set(places)].filter((place) => place > 24 && place < length);
      captures++;
      const { report } = scanSplit(bytes, plansAt(headerOf(bytes), inside), options, (all) => all.reverse());
      return toCanonicalJson(report) !== toCanonicalJson(one);
    });
    if (sweeping) console.log(`64 chunks: ${captures} captures`);
    expect(captures).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  },
  testMs,
);

test(
  'seven files of a capture that are joined tell what the whole tells',
  async () => {
    let captures = 0;
    const wrong: string[] = [];
    for (const [i, file] of files.entries()) {
      const { packets = 0, error, times_in_order } = whole[i];
      if (error !== null || packets < 2 || times_in_order !== true) continue;
      const parts = cutCapture(readFileSync(file), Math.ceil(packets / 7));
      if (parts.length < 2) continue;
      const folder = join(scratch.path, `parts-${i}`);
      mkdirSync(folder);
      const paths = parts.map((bytes, n) => scratch.file(join(`parts-${i}`, `part-${n}.pcap`), bytes));
      const [joined] = await entriesOf(['--join', ...paths]);
      captures++;
      for (const field of ['names', 'tcp', 'top', 'endpoints', 'series'])
        if (JSON.stringify(joined[field]) !== JSON.stringify(whole[i][field]))
          wrong.push(`${basename(file)}: ${field}`);
      rmSync(folder, { recursive: true });
    }
    // The one that is made has times that go back, which files are not joined by; test/story/names-modes joins another.
    if (sweeping) console.log(`seven files: ${captures} captures`);
    if (sweeping) expect(captures).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  },
  testMs,
);

(sweeping ? test : test.skip)(
  'a cluster that loses a worker tells what one core tells',
  async () => {
    const folders = [scratch.path, join(sharedCapturePaths()[0], '..', '..')];
    const cluster = await CaptureCluster.start(folders, ['--chunk-bytes', '64KiB']);
    try {
      for (const folder of [folders[1], projectRoot, folders[1]]) await cluster.addWorker(folder);
      const told = entriesOf(['--master', cluster.grpc, ...files]);
      await passes(1000);
      cluster.workers[0].child.kill('SIGKILL');
      expect(differing(await told)).toEqual([]);
    } finally {
      await cluster.stop();
    }
  },
  testMs,
);
