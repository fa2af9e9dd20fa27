import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { cut } from '../support/capture-builder.js';
import { namedTraffic } from '../support/capture-builder/dns-traces.js';
import { lossyTraces } from '../support/capture-builder/tcp-traces.js';
import { CaptureCluster, eventually } from '../support/capture-cluster.js';
import { cutCapture, shuffled, writeRing } from '../support/cut-capture.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

const scratch = scratchFolder();
const elsewhere = scratchFolder();
const sample = readFileSync(join(projectRoot, 'captures', 'sample.pcap'));

/** A ring of files, some of which are damaged, cut, no captures or not there. */
const ring = join(scratch.path, 'ring');
mkdirSync(ring);
const paths = writeRing(ring, cutCapture(sample, 30));
const [first, second] = cutCapture(sample, 60);
for (const [name, bytes] of Object.entries({
  'cut.pcap': cut(first, first.length - 7),
  'damaged.pcap': Buffer.concat([second, Buffer.alloc(16, 255)]),
  'foreign.pcap.xz': Buffer.from('fd377a585a000004', 'hex'),
  'notes.txt': 'captured on Monday\n',
  'next.pcap': '',
}))
  writeFileSync(join(ring, name), bytes);

/** Captures whose TCP and names go on from file to file. */
const ordered = [lossyTraces(12, true), namedTraffic(200)].map((bytes, i) => {
  const folder = join(scratch.path, `ordered${i}`);
  mkdirSync(folder);
  writeRing(folder, cutCapture(bytes, 60));
  return folder;
});

const here = async (args: readonly string[]) => runTrireme(['analyze', '--json', '-q', '--join', ...args]);

describe.each([
  ['runs sized for the workers', []],
  ['runs of one file or two', ['--chunk-bytes', '4KiB']],
])('a cluster with %s', (_what, args) => {
  let cluster: CaptureCluster;
  beforeAll(async () => {
    cluster = await CaptureCluster.start([scratch.path], args);
    // One worker opens the files itself, the other one is sent their bytes.
    await Promise.all([cluster.addWorker(scratch.path, { slots: 2 }), cluster.addWorker(elsewhere.path)]);
  });
  afterAll(() => cluster.stop());

  test('joins files to the bytes and the exit code that one core gives', async () => {
    const options = ['--interval', '10ms', '--client', '192.0.2.11:37901', '--server', '192.0.2.1:80', '--top', '30'];
    const bounds = ['--after', '+1s', '--before', '+5s'];
    for (const [names, more] of [
      [[ring], []],
      [paths, bounds],
      [[...shuffled(paths), join(ring, 'gone.pcap')], []],
    ]) {
      const asked = [...options, ...more];
      const [one, all] = [await here([...names, ...asked]), await cluster.analyze(names, ['--join', ...asked])];
      const missing = names.some((name) => name.endsWith('gone.pcap'));
      // What is nowhere is told in other words where it might have been on the master.
      if (!missing) expect(all.stdout).toBe(one.stdout);
      else
        expect(all.stdout.replaceAll(/"error_detail": ".*"/g, '')).toBe(
          one.stdout.replaceAll(/"error_detail": ".*"/g, ''),
        );
      expect(all.code).toBe(one.code);
    }
  });

  test('tells the TCP health and the names of joined files as one core does', async () => {
    const options = ['--tcp', '--names', '--inner', '--interval', '1s', '--top', '200'];
    for (const folder of ordered) {
      const [one, all] = [await here([folder, ...options]), await cluster.analyze([folder], ['--join', ...options])];
      expect(all).toMatchObject({ code: 0, stdout: one.stdout });
    }
  });
});

test.each([
  ['reads the files itself', scratch.path],
  ['is sent their bytes', elsewhere.path],
])(
  'a file that is removed while its chunk waits for a worker that %s is named, the others counted',
  async (_what, sees) => {
    const turning = mkdtempSync(join(scratch.path, 'turning-'));
    const names = writeRing(turning, cutCapture(sample, 100));
    const cluster = await CaptureCluster.start([scratch.path], ['--log-level', 'debug']);
    try {
      const worker = await cluster.addWorker(sees);
      worker.child.kill('SIGSTOP');
      const joined = cluster.analyze(names, ['--join']);
      await cluster.master.line('chunk given');
      rmSync(names[2]);
      worker.child.kill('SIGCONT');
      const { stdout, code } = await joined;
      const one = await here(names);
      expect({ stdout, code }).toEqual({ stdout: one.stdout, code: one.code });
      expect(stdout).toContain(`${names[2]}: no such file`);
    } finally {
      await cluster.stop();
    }
  },
);

test('a file that is made shorter while its chunk waits for a worker has changed, and the others are counted', async () => {
  const turning = mkdtempSync(join(scratch.path, 'turning-'));
  const names = writeRing(turning, cutCapture(sample, 100), false);
  const cluster = await CaptureCluster.start([scratch.path], ['--log-level', 'debug']);
  try {
    const worker = await cluster.addWorker(elsewhere.path);
    worker.child.kill('SIGSTOP');
    const joined = cluster.analyze(names, ['--join']);
    await cluster.master.line('chunk given');
    truncateSync(names[2], 1000);
    worker.child.kill('SIGCONT');
    const { stdout, code } = await joined;
    const [result] = (JSON.parse(stdout) as { results: { packets: number; files: object[] }[] }).results;
    expect([code, result.packets]).toEqual([1, 943]);
    expect(result.files).toContainEqual({
      file: names[2],
      error: 'changed',
      error_detail: expect.stringMatching(/: had \d+ bytes and has 1000 now$/),
    });
  } finally {
    await cluster.stop();
  }
});

test('files that the master does not see are sent, and none of them stays', async () => {
  const cluster = await CaptureCluster.start([elsewhere.path]);
  try {
    await cluster.addWorker(elsewhere.path);
    const [one, all] = [await here([ring]), await cluster.analyze([ring], ['--join'])];
    expect(all.stdout).toBe(one.stdout);
    expect(all.code).toBe(one.code);
    await eventually('an empty spool', async () => (await cluster.metric('trireme_master_spool_bytes')) === 0);
  } finally {
    await cluster.stop();
  }
});

test('an analysis of thousands of files is one that outlives its master', async () => {
  const many = join(scratch.path, 'many');
  mkdirSync(many);
  writeRing(many, cutCapture(smallCapture(manyPackets(4000)), 2), false);
  const state = mkdtempSync(join(scratch.path, 'state-'));
  const cluster = await CaptureCluster.start([scratch.path], ['--state', state]);
  try {
    const { code, stdout } = await runTrireme([
      'analyze',
      '--master',
      cluster.grpc,
      '--join',
      many,
      '--detach',
      '--top',
      '20',
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{16}\n$/) });
    const id = stdout.trim();
    const listed = await runTrireme(['analyses', '--master', cluster.grpc]);
    expect(listed.stdout).toContain(id);
    await cluster.master.end('SIGKILL');
    await cluster.restartMaster();
    await cluster.addWorker(scratch.path, { slots: 2 });
    const resumed = await runTrireme(['analyze', '--json', '--master', cluster.grpc, '--resume', id]);
    const one = await here([many, '--top', '20']);
    expect(resumed.stdout).toBe(one.stdout);
    expect((JSON.parse(one.stdout) as { total: object }).total).toMatchObject({ files: 2000, packets: 4000 });
  } finally {
    await cluster.stop();
  }
});
