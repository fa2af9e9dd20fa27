import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { triremePath } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const seen = scratchFolder();
const long = writeLongCapture(join(seen.path, 'long.pcap'), 40 * 2 ** 20);
const cores = ['--cores', '3', '--thread-bytes', '1000000'];

let cluster: CaptureCluster;
beforeAll(async () => {
  cluster = await CaptureCluster.start([seen.path], ['--chunk-bytes', '500000']);
  await cluster.addWorker(seen.path);
}, 60_000);
afterAll(() => cluster.stop());

const modes: [string, () => string[]][] = [
  ['one core', () => []],
  ['several cores', () => cores],
  ['the cluster', () => ['--master', cluster.grpc]],
];

test.each(modes)(
  'an extraction that is killed leaves no file of that name, and the next one writes it: %s',
  async (_how, args) => {
    const folder = mkdtempSync(join(seen.path, 'killed-'));
    const command = [triremePath, 'extract', long, '-q', '-w', join(folder, 'out.pcap'), ...args()];
    const child = spawn(process.execPath, command, { stdio: 'ignore' });
    await eventually('a part', () => readdirSync(folder).length > 0);
    child.kill('SIGKILL');
    await once(child, 'close');
    // It may have been quicker: then the file is whole.
    if (existsSync(join(folder, 'out.pcap'))) rmSync(join(folder, 'out.pcap'));
    else expect(readdirSync(folder)).toEqual([expect.stringMatching(/^\.out\.pcap\..*\.part$/)]);
    const [code] = (await once(spawn(process.execPath, command, { stdio: 'ignore' }), 'close')) as [number];
    expect([code, readdirSync(folder).filter((name) => !name.startsWith('.'))]).toEqual([0, ['out.pcap']]);
  },
);

test.each(modes)('a reader that has seen enough is no failure: %s', async (_how, args) => {
  const child = spawn(process.execPath, [triremePath, 'extract', long, '-q', '-w', '-', ...args()]);
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const closed = once(child, 'close') as Promise<[number]>;
  await once(child.stdout, 'data');
  child.stdout.destroy();
  expect([(await closed)[0], stderr]).toEqual([0, '']);
});

test('a master that is killed leaves its caller without a file, and an error', async () => {
  const folder = mkdtempSync(join(seen.path, 'lost-'));
  const [worker] = cluster.workers;
  worker.child.kill('SIGSTOP');
  const command = [triremePath, 'extract', long, '-q', '-w', join(folder, 'out.pcap'), '--master', cluster.grpc];
  const child = spawn(process.execPath, command, { stdio: 'ignore' });
  const closed = once(child, 'close') as Promise<[number]>;
  await eventually('a part', () => readdirSync(folder).length > 0);
  await cluster.master.end('SIGKILL');
  expect([(await closed)[0], readdirSync(folder)]).toEqual([1, []]);
});
