import { CaptureCluster, eventually, writeLongCapture } from '../support/capture-cluster.js';
import { HungWorker } from '../support/hung-worker.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { runTrireme } from '../support/run-trireme.js';
import { scratchFolder } from '../support/scratch.js';

/** Three of four workers beat and never answer. Bounds are wide: this machine runs other tests at the same time. */
const slots = 4;
const hung: HungWorker[] = [];
const { path: folder } = scratchFolder();

async function hang(hub: string): Promise<void> {
  for (const name of ['h0', 'h1', 'h2']) hung.push(await HungWorker.start(hub, name, slots));
}

afterEach(() => {
  for (const worker of hung.splice(0)) worker.stop();
});

test('500 jobs are answered soon though three of four workers answer none, which are shown as suspended', async () => {
  const cluster = await JobCluster.start([]);
  try {
    await hang(cluster.grpc);
    await cluster.addWorker(slots);
    const client = await LineClient.dial(cluster.tcp);
    const start = performance.now();
    client.socket.write('1\n'.repeat(500));
    await client.until(() => client.lines.length === 500, 'the answers');
    // Without the rule the last ones came after 30 s, if at all.
    expect((performance.now() - start) / 1000).toBeLessThan(10);
    expect(client.lines.every((line) => /^\d{10}$/.test(line))).toBe(true);

    await eventually('the suspension of all three', async () => {
      client.socket.write('1\n');
      return (await cluster.metric('trireme_hub_workers{state="SUSPENDED"}')) === 3;
    });
    expect(await cluster.metric('trireme_hub_suspensions_total')).toBeGreaterThanOrEqual(3);
    expect(await cluster.metric('trireme_hub_workers_lost_total')).toBe(0);
    expect(cluster.lb.log).toContainEqual(
      expect.objectContaining({ msg: 'worker state', worker: 'h0', to: 'SUSPENDED', reason: expect.any(String) }),
    );
    const { stdout } = await runTrireme(['top', '--once', '--lb', cluster.grpc]);
    expect(stdout.match(/SUSPENDED/g)).toHaveLength(3);
    expect(hung.map(({ ended }) => ended)).toEqual([null, null, null]);
    client.socket.destroy();
  } finally {
    await cluster.stop();
  }
});

test('an analysis ends soon though three of four workers answer none', async () => {
  const capture = writeLongCapture(`${folder}/long.pcap`, 29_000_000);
  const cluster = await CaptureCluster.start([folder]);
  try {
    await hang(cluster.grpc);
    await cluster.addWorker(folder, { slots });
    const start = performance.now();
    const ran = await cluster.analyze([capture]);
    // It was 51 s.
    expect((performance.now() - start) / 1000).toBeLessThan(15);
    expect(ran.code).toBe(0);
    expect(hung.some(({ jobs }) => jobs > 0)).toBe(true);
  } finally {
    await cluster.stop();
  }
});
