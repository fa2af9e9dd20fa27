import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CaptureCluster } from '../support/capture-cluster.js';
import { GrowingFile } from '../support/growing-file.js';
import { runTrireme, triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';
import { manyPackets, smallCapture } from '../support/small-capture.js';

/** Runs of each mode; TRIREME_TEST_RUNS=20 for a long look. */
const runs = Number(process.env.TRIREME_TEST_RUNS ?? 1);

const scratch = scratchFolder();
const elsewhere = scratchFolder();
const packets = 40_000;
// All of one length, so that packets tell how many bytes were counted.
const capture = smallCapture(manyPackets(packets).map((packet) => ({ ...packet, udp: false })));
const headerBytes = 24;
const recordBytes = (capture.length - headerBytes) / packets;
const records = capture.subarray(headerBytes);

interface Document {
  readonly results: readonly [Readonly<Record<string, unknown>> & { readonly packets: number }];
}

const json = ['analyze', '--json', '--interval', '1s'];

/** By file name, and through standard input. */
const named = async (args: readonly string[], path: string): Promise<string> => {
  const { code, stdout, stderr } = await runTrireme([...json, ...args, path]);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('is still written') });
  return stdout;
};
const redirected = async (args: readonly string[], path: string): Promise<string> => {
  const command = ['-c', `exec "$0" "$@" < ${path}`, process.execPath, triremePath, ...json, ...args, '-'];
  const { stdout, stderr } = await promisify(execFile)('sh', command, { maxBuffer: 1e8 });
  expect(stderr).toContain('is still written');
  return stdout;
};

let files = 0;

/** Analyses a file into which 100,000 packets a second are written, and the first bytes of it that were counted. */
async function whileItGrows(analyse: (path: string) => Promise<string>): Promise<void> {
  for (let run = 0; run < runs; run++) {
    const folder = join(scratch.path, `growing-${++files}`);
    mkdirSync(folder);
    const path = join(folder, 'live.pcap');
    scratch.file(join(`growing-${files}`, 'live.pcap'), capture);
    const growing = new GrowingFile(path, records, 1000 * recordBytes + 7);
    const before = statSync(path).size;
    let told: string;
    try {
      told = await analyse(path);
    } finally {
      growing.stop();
    }
    const [{ file: _file, files: _files, grew, ...counted }] = (JSON.parse(told) as Document).results;
    const bytes = headerBytes + counted.packets * recordBytes;
    expect(bytes).toBeGreaterThan(before - recordBytes);
    expect(bytes).toBeLessThan(statSync(path).size);
    // A joined one tells it of the file.
    if (_files === undefined) expect(grew).toBe(true);
    else expect(_files).toMatchObject([{ grew: true, truncated: false }]);
    const same = join(folder, 'same.pcap');
    copyFileSync(path, same);
    truncateSync(same, bytes);
    const whole = JSON.parse((await runTrireme([...json, same])).stdout) as Document;
    const { file: _name, ...expected } = whole.results[0];
    expect(counted).toEqual(expected);
  }
}

const cores = ['--multi', '--cores', '2', '--thread-bytes', '1000000'];

test.each([
  ['one core', (path: string) => named([], path)],
  ['all cores', (path: string) => named(cores, path)],
  ['one core, redirected', (path: string) => redirected([], path)],
  ['all cores, redirected', (path: string) => redirected(cores, path)],
])('a file that grows is counted to its size at the opening: %s', (_mode, analyse) => whileItGrows(analyse), 300_000);

describe.each([
  ['whose workers see it', () => [scratch.path, scratch.path]],
  ['whose workers do not', () => [scratch.path, elsewhere.path]],
  ['that does not see it', () => [elsewhere.path, elsewhere.path]],
])('on a cluster %s', (_which, folders) => {
  let cluster: CaptureCluster;
  beforeAll(async () => {
    const [master, worker] = folders();
    cluster = await CaptureCluster.start([master], ['--chunk-bytes', '1MiB']);
    await cluster.addWorker(worker, { slots: 2 });
  });
  afterAll(() => cluster.stop());

  test('a file that grows is counted to its size at the opening', async () => {
    await whileItGrows((path) => named(['--master', cluster.grpc], path));
  }, 300_000);

  test('and so it is as standard input, and as a file of a joined capture', async () => {
    await whileItGrows((path) => redirected(['--master', cluster.grpc], path));
    await whileItGrows((path) => named(['--master', cluster.grpc, '--join'], path));
  }, 300_000);
});
