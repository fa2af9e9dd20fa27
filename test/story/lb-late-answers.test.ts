import { once } from 'node:events';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { StandingWorker } from '../support/standing-worker.js';

const lie = 'the answer of another job';
const clusters: JobCluster[] = [];
const standing: StandingWorker[] = [];
const clients: LineClient[] = [];

afterEach(async () => {
  for (const worker of standing.splice(0)) worker.stop();
  for (const { socket } of clients.splice(0)) socket.destroy();
  await Promise.all(clusters.splice(0).map((cluster) => cluster.stop()));
});

async function loadBalancer(): Promise<JobCluster> {
  const cluster = await JobCluster.start([]);
  clusters.push(cluster);
  return cluster;
}

async function stander(cluster: JobCluster, protocol: number): Promise<StandingWorker> {
  const worker = new StandingWorker(cluster.grpc, 'stander', protocol);
  standing.push(worker);
  await worker.until(() => worker.welcome !== null, 'Welcome');
  return worker;
}

async function dial(cluster: JobCluster): Promise<LineClient> {
  const client = await LineClient.dial(cluster.tcp);
  clients.push(client);
  return client;
}

/** Asks for the time so many times, each once the one before is answered: all go through one row of the hub. */
async function oneByOne({ socket }: LineClient, jobs: number): Promise<void> {
  for (let job = 0; job < jobs; job++) {
    socket.write('1\n');
    while (!String(await once(socket, 'data')).includes('\n'));
  }
}

describe.each([0, 1])('a worker of protocol %i that stands still', (protocol) => {
  test.each([4_094, 4_095])('and answers %i jobs later answers no other job', async (later) => {
    const cluster = await loadBalancer();
    const still = await stander(cluster, protocol);
    const client = await dial(cluster);
    client.socket.write('2\n');
    await still.until(() => still.jobs.length === 1, 'a job');
    // Else it might get one of those that follow, and hold it for a while.
    still.drain();
    const honest = await cluster.addWorker(1);
    await client.until(() => client.lines.length === 1, 'the answer of the worker that has it too');
    await oneByOne(client, later - 1);
    honest.child.kill('SIGSTOP');
    client.socket.write('1\n');
    while ((await cluster.metric('trireme_hub_jobs_live')) !== 1) await new Promise((wait) => setTimeout(wait, 5));
    // One late answer is forgiven for each job that it was given; one more ends the stream: then all have been read.
    for (let answers = 0; answers <= still.jobs.length; answers++) still.answer(still.jobs[0], lie);
    await still.until(() => still.ended !== null, 'the end of its stream');
    honest.child.kill('SIGCONT');
    await client.until(() => client.lines.length === later + 1, 'the last answer');
    expect(client.lines[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(client.lines.slice(1).filter((line) => !/^\d{10}$/.test(line))).toEqual([]);
  });

  test('and answers after a restart of the load balancer answers no job of the new one', async () => {
    const before = await loadBalancer();
    const still = await stander(before, protocol);
    (await dial(before)).socket.write('2\n');
    await still.until(() => still.jobs.length === 1, 'a job');
    await before.lb.end('SIGKILL');
    const after = await loadBalancer();
    const again = await stander(after, protocol);
    const client = await dial(after);
    client.socket.write('1\n');
    await again.until(() => again.jobs.length === 1, 'a job of the new load balancer');
    again.answer(still.jobs[0], lie);
    if (protocol === 0) await again.until(() => again.ended !== null, 'the end of its stream');
    else again.answer(again.jobs[0], '1763770000');
    await after.addWorker(1);
    await client.until(() => client.lines.length === 1, 'the answer');
    expect(client.lines[0]).toMatch(/^\d{10}$/);
  });
});
