import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import type { LogLine } from '../support/running-role.js';

const jobs = 60;
let cluster: JobCluster;

afterEach(async () => {
  for (const worker of cluster.workers) worker.child.kill('SIGCONT');
  await cluster.stop();
});

const lost = (): boolean => cluster.lb.log.some((line) => line.msg === 'worker state' && line.to === 'LOST');

/** Stops one of two workers, asks for jobs, and says whether the hub had given the worker up when all were answered. */
async function lostWhenAnswered(lbArgs: readonly string[]): Promise<boolean> {
  cluster = await JobCluster.start([1, 1], lbArgs);
  cluster.workers[0].child.kill('SIGSTOP');
  const client = await LineClient.dial(cluster.tcp);
  client.socket.write('1\n'.repeat(jobs));
  await client.until(() => client.lines.length === jobs, 'the answers');
  const answer = lost();
  expect(client.lines.every((line) => /^\d{10}$/.test(line))).toBe(true);
  client.socket.end();
  return answer;
}

test('the jobs of a worker that stands still are answered by another before it is given up', async () => {
  expect(await lostWhenAnswered([])).toBe(false);
  expect(await cluster.metric('trireme_hub_copies_total{kind="GET_TIME"}')).toBeGreaterThan(0);
  expect(await cluster.metric('trireme_hub_copies_won_total{kind="GET_TIME"}')).toBeGreaterThan(0);
  // It wakes, and what it says of those jobs harms nobody.
  cluster.workers[0].child.kill('SIGCONT');
  const client = await LineClient.dial(cluster.tcp);
  client.socket.write('2\n'.repeat(jobs));
  await client.until(() => client.lines.length === jobs, 'the answers');
  expect(await cluster.metric('trireme_hub_workers_cut_total')).toBe(0);
  client.socket.end();
});

test('with --hedge-share 0 they wait until it is suspended or given up', async () => {
  await lostWhenAnswered(['--hedge-share', '0']);
  const noticed = (line: LogLine): boolean => line.msg === 'worker state' && /SUSPENDED|LOST/.test(String(line.to));
  expect(cluster.lb.log.some(noticed)).toBe(true);
  expect(await cluster.metric('trireme_hub_copies_total{kind="GET_TIME"}')).toBe(0);
});
