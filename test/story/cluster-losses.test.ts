import { readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { inMembers } from '../support/member-source.js';
import { runTrireme } from '../support/run-trireme.js';
import type { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const capture = writeLongCapture(join(scratch.path, 'long.pcap'), 100e6);
const packed = scratch.file('long.pcap.gz', inMembers(readFileSync(capture).subarray(0, 40e6), 1e6, 0));
let expected: string;
let cluster: CaptureCluster;
let one: RunningRole;
let two: RunningRole;

beforeAll(async () => {
  expected = (await runTrireme(['analyze', '--json', '-q', capture])).stdout;
});

beforeEach(async () => {
  cluster = await CaptureCluster.start([scratch.path]);
  [one, two] = await Promise.all([cluster.addWorker(scratch.path), cluster.addWorker(scratch.path)]);
});

afterEach(() => cluster.stop());

/** Starts an analysis of which the stopped worker surely holds a chunk, and the other one has done some. */
async function halfDone(file = capture): Promise<{ report: Promise<string>; cancel: () => void }> {
  one.child.kill('SIGSTOP');
  let done = 0;
  const call = cluster.call(file, ({ chunksDone }) => (done = chunksDone));
  await eventually('a first chunk', () => done > 0);
  return call;
}

const entryOf = (json: string): unknown => JSON.parse(json);
const expectedEntry = (): unknown => {
  const { file: _name, ...entry } = (JSON.parse(expected) as { results: [{ file: string }] }).results[0];
  return entry;
};

test('a worker killed in the middle costs nothing but time', async () => {
  const { report } = await halfDone();
  one.child.kill('SIGKILL');
  expect(entryOf(await report)).toEqual(expectedEntry());
});

test('a packed file of many members is several chunks, and a worker killed in the middle costs nothing but time', async () => {
  const { stdout } = await runTrireme(['analyze', '--json', '-q', packed]);
  const { file: _name, ...entry } = (JSON.parse(stdout) as { results: [{ file: string }] }).results[0];
  const { report } = await halfDone(packed);
  one.child.kill('SIGKILL');
  expect(entryOf(await report)).toEqual(entry);
  expect(await cluster.metric('trireme_hub_jobs_total{kind="SCAN_CHUNK",outcome="done"}')).toBeGreaterThan(2);
});

test('all workers killed in the middle: the run goes on with the next one that comes', async () => {
  const { report } = await halfDone();
  one.child.kill('SIGKILL');
  two.child.kill('SIGKILL');
  await cluster.addWorker(scratch.path);
  expect(entryOf(await report)).toEqual(expectedEntry());
});

test('a worker that stands still has its chunks done by another, is lost, and joins again when it goes on', async () => {
  const { report } = await halfDone();
  expect(entryOf(await report)).toEqual(expectedEntry());
  expect(await cluster.metric('trireme_hub_copies_total{kind="SCAN_CHUNK"}')).toBeGreaterThan(0);
  await cluster.master.line('worker state', (line) => line.worker === 'w0' && line.to === 'LOST');
  one.child.kill('SIGCONT');
  await eventually('a second attachment', () => one.log.filter(({ msg }) => msg === 'attached').length === 2);
  const again = await cluster.analyze([capture]);
  expect(again).toMatchObject({ code: 0, stdout: expected });
});

test('workers that drain hand in what they hold, and the run goes on without them', async () => {
  const running = cluster.analyze([capture]);
  const code = await one.end('SIGTERM');
  expect(code).toBe(0);
  expect(await running).toMatchObject({ code: 0, stdout: expected });
});

test('workers join a master that was killed and started again', async () => {
  await cluster.master.end('SIGKILL');
  const lost = await cluster.analyze([capture]);
  expect(lost.code).toBe(1);
  expect(lost.stdout).not.toContain('"packets"');
  expect(lost.stderr.trim().split('\n')).toHaveLength(1);
  await cluster.restartMaster();
  await cluster.master.line('worker state', ({ worker }) => worker === 'w0');
  await cluster.master.line('worker state', ({ worker }) => worker === 'w1');
  expect(await cluster.analyze([capture])).toMatchObject({ code: 0, stdout: expected });
});

test('a capture that is made shorter while it is read is refused', async () => {
  const shrinking = writeLongCapture(join(scratch.path, 'shrinking.pcap'), 40e6);
  one.child.kill('SIGSTOP');
  two.child.kill('SIGSTOP');
  const running = cluster.analyze([shrinking]);
  await eventually('its chunks', async () => (await cluster.metric('trireme_hub_jobs_live')) > 0);
  truncateSync(shrinking, 20e6);
  one.child.kill('SIGCONT');
  two.child.kill('SIGCONT');
  const { code, stdout } = await running;
  expect(code).toBe(1);
  expect(stdout).toMatch(/changed/);
});

test('a client that vanishes has its chunks cancelled', async () => {
  // Both stand still, so that the analysis cannot end before it is cancelled.
  one.child.kill('SIGSTOP');
  two.child.kill('SIGSTOP');
  const { report, cancel } = cluster.call(capture, () => undefined);
  await eventually('its chunks', async () => (await cluster.metric('trireme_hub_jobs_live')) > 0);
  cancel();
  await expect(report).rejects.toThrow(/CANCELLED/);
  one.child.kill('SIGCONT');
  two.child.kill('SIGCONT');
  await eventually('the end', async () => (await cluster.metric('trireme_master_analyses_running')) === 0);
  expect(await cluster.metric('trireme_master_analyses_total{outcome="cancelled"}')).toBe(1);
  await eventually('no job', async () => (await cluster.metric('trireme_hub_jobs_live')) === 0);
});
