import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { CaptureCluster, eventually } from '../support/capture-cluster.js';
import { runTrireme } from '../support/run-trireme.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const sample = join(projectRoot, 'captures', 'sample.pcap');
const scratch = scratchFolder();
let cluster: CaptureCluster;

beforeAll(async () => {
  cluster = await CaptureCluster.start([join(projectRoot, 'captures')], ['--wait', '400ms']);
});
afterAll(() => cluster.stop());

test('without a worker the run says that it waits, and --wait bounds it', async () => {
  const { code, stdout, stderr } = await runTrireme([
    ...['analyze', '--json', '--master', cluster.grpc, '--wait', '600ms', sample],
  ]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/waiting for a worker/);
  expect(stderr).toMatch(/no worker came within 0.6 s/);
  expect(stdout).not.toContain('"packets"');
});

test('a caller that does not say how long waits as long as the master says', async () => {
  const messages: string[] = [];
  const { report } = cluster.call(sample, ({ message }) => messages.push(message));
  await expect(report).rejects.toThrow(/NO_WORKER: no worker came within 0.4 s/);
  expect(messages[0]).toMatch(/waiting for a worker/);
});

test('a worker that was there before its master, and one that comes during the wait, are used', async () => {
  const here = await runTrireme(['analyze', '--json', '-q', sample]);
  const running = cluster.analyze([sample], ['--wait', '20s']);
  await eventually('an analysis', async () => (await cluster.metric('trireme_master_analyses_running')) === 1);
  await cluster.addWorker(scratch.path);
  expect(await running).toMatchObject({ code: 0, stdout: here.stdout });
});

test.each([
  ['outside its folders', '/etc/passwd', /PATH_REFUSED/],
  ['that is not there', 'no-such.pcap', /FILE_UNREADABLE/],
  ['that is a folder', '.', /PATH_REFUSED|FILE_UNREADABLE/],
  ['without a name', '', /USAGE/],
])('a path %s is refused with the reason', async (_what, path, reason) => {
  await expect(cluster.call(path, () => undefined).report).rejects.toThrow(reason);
});

test.each([
  ['no host', ['worker'], /--host/],
  ['a folder that is not there', ['worker', '--host', '127.0.0.1', '--captures', '/no/such'], /--captures \/no\/such/],
  ['no slot', ['worker', '--host', '127.0.0.1', '--slots', '0'], /'0' is not a whole number/],
  ['another address than loopback', ['master', '--grpc', '0.0.0.0:0'], /--insecure/],
])('wrong usage is told in one line: %s', async (_what, args, reason) => {
  const { code, stderr } = await runTrireme(args);
  expect(code).toBe(2);
  expect(stderr).toMatch(reason);
});

test('a worker without a hub dials until it is told to end, and then ends at once', async () => {
  const worker = RunningRole.start(['worker', '--host', '127.0.0.1:1', '--slots', '1']);
  await worker.line('cannot attach');
  const began = Date.now();
  expect(await worker.end('SIGTERM')).toBe(0);
  expect(Date.now() - began).toBeLessThan(5000);
});
