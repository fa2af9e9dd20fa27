import { credentials } from '@grpc/grpc-js';
import { join } from 'node:path';
import { minedBy } from '../../src/client/load/answer-check.js';
import { ClusterServiceClient, type WorkerInfo } from '../../src/gen/trireme/v1/worker.js';
import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { LyingWorker } from '../support/lying-worker.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function lie(hub: string): Promise<LyingWorker> {
  const liar = await LyingWorker.start(hub, 'liar', scratch.path);
  stops.push(() => liar.stop());
  return liar;
}

function workersOf(hub: string): Promise<WorkerInfo[]> {
  const client = new ClusterServiceClient(hub, credentials.createInsecure());
  return new Promise<WorkerInfo[]>((resolve, reject) =>
    client.listWorkers({}, (error, answer) => (error === null ? resolve(answer.workers) : reject(error))),
  ).finally(() => client.close());
}

/** Asks for so many MINE_BITCOIN jobs and answers how many of the answers were wrong. */
async function mine(cluster: JobCluster, jobs: number): Promise<number> {
  const client = await LineClient.dial(cluster.tcp);
  const first = Math.floor(Date.now() / 1000);
  client.socket.write('2\n'.repeat(jobs));
  await client.until(() => client.lines.length === jobs, 'the answers');
  const right = new Set<string>();
  for (let second = first - 1; second <= Date.now() / 1000 + 1; second++) right.add(minedBy(second).toString());
  client.socket.end();
  return client.lines.filter((line) => !right.has(line)).length;
}

describe('a worker that lies about jobs', () => {
  async function started(lbArgs: readonly string[]): Promise<{ cluster: JobCluster; liar: LyingWorker }> {
    const cluster = await JobCluster.start([1, 1], lbArgs);
    stops.push(() => cluster.stop());
    return { cluster, liar: await lie(cluster.grpc) };
  }

  test('is quarantined with the evidence, no audited lie reaches a client, and the honest ones stay', async () => {
    const { cluster, liar } = await started(['--audit', '1']);
    expect(await mine(cluster, 200)).toBe(0);
    expect(liar.lies).toBeGreaterThan(0);
    const workers = await workersOf(cluster.grpc);
    expect(workers.map(({ name, state }) => [name, state]).sort()).toEqual([
      ['liar', 'QUARANTINED'],
      ['w0', 'SERVING'],
      ['w1', 'SERVING'],
    ]);
    const evidence = workers.find(({ name }) => name === 'liar')?.evidence;
    expect(evidence).toMatchObject({ kind: 'MINE_BITCOIN', answer: 'f00d'.repeat(16) });
    expect(evidence?.othersAnswer).toMatch(/^[0-9a-f]{192,320}$/);
    expect(evidence?.others.slice().sort()).toEqual(['w0', 'w1']);
    expect(await cluster.lb.line('worker found lying')).toMatchObject({ kind: 'MINE_BITCOIN' });
    expect(await cluster.metric('trireme_hub_quarantines_total')).toBe(1);
    expect(await cluster.metric('trireme_hub_workers{state="QUARANTINED"}')).toBe(1);
    const before = liar.lies;
    expect(await mine(cluster, 200)).toBe(0);
    expect(liar.lies).toBe(before);
  });

  test('is found by a sample', async () => {
    const { cluster } = await started(['--audit', '0.05', '--audit-seed', '7']);
    await eventually('the quarantine', async () => {
      await mine(cluster, 100);
      return (await cluster.metric('trireme_hub_quarantines_total')) === 1;
    });
    expect(await mine(cluster, 100)).toBe(0);
  });

  test('gets away with it without audits', async () => {
    const { cluster } = await started([]);
    let wrong = 0;
    await eventually('a lie', async () => (wrong += await mine(cluster, 100)) > 0);
    expect((await workersOf(cluster.grpc)).every(({ state }) => state === 'SERVING')).toBe(true);
  });
});

describe('an analysis whose chunks are audited', () => {
  const capture = writeLongCapture(join(scratch.path, 'audited.pcap'), 40e6);
  let expected: string;
  beforeAll(async () => {
    expected = (await runTrireme(['analyze', '--json', '-q', capture])).stdout;
  });

  async function started(args: readonly string[]): Promise<CaptureCluster> {
    const cluster = await CaptureCluster.start([scratch.path], ['--chunk-bytes', '1MiB', ...args]);
    stops.push(() => cluster.stop());
    await Promise.all([cluster.addWorker(scratch.path), cluster.addWorker(scratch.path)]);
    return cluster;
  }

  test('is right though a worker lies, and honest workers agree about every chunk', async () => {
    const cluster = await started(['--audit', '1']);
    const liar = await lie(cluster.grpc);
    expect(await cluster.analyze([capture])).toMatchObject({ code: 0, stdout: expected });
    expect(liar.lies).toBeGreaterThan(0);
    expect((await workersOf(cluster.grpc)).map(({ name, state }) => [name, state]).sort()).toEqual([
      ['liar', 'QUARANTINED'],
      ['w0', 'SERVING'],
      ['w1', 'SERVING'],
    ]);
    expect(await cluster.metric('trireme_hub_audits_total{kind="SCAN_CHUNK",outcome="agreed"}')).toBeGreaterThan(20);
  });

  test('by a single worker is done, and says that it cannot be audited', async () => {
    const cluster = await CaptureCluster.start([scratch.path], ['--chunk-bytes', '8MiB', '--audit', '1']);
    stops.push(() => cluster.stop());
    await cluster.addWorker(scratch.path);
    expect(await cluster.analyze([capture])).toMatchObject({ code: 0, stdout: expected });
    expect(await cluster.master.line('audit impossible')).toMatchObject({ reason: 'no other worker is there' });
  });
});
