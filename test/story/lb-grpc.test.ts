import * as grpc from '@grpc/grpc-js';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { once } from 'node:events';
import { JobKind, JobServiceClient, type RunJobResponse, type TaggedResult } from '../../src/gen/trireme/v1/job.js';
import { minedBy } from '../../src/client/load/answer-check.js';
import { JobCluster } from '../support/job-cluster.js';

const execute = promisify(execFile);
let cluster: JobCluster;
let client: JobServiceClient;

beforeAll(async () => {
  cluster = await JobCluster.start([1, 1]);
  client = new JobServiceClient(cluster.grpc, grpc.credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await cluster.stop();
});

function runJob(kind: JobKind, options: grpc.CallOptions = {}): Promise<RunJobResponse> {
  return new Promise((resolve, reject) => {
    client.runJob({ kind }, new grpc.Metadata(), options, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
}

describe('JobService', () => {
  test('RunJob answers right, and says who ran it and for how long', async () => {
    const from = Math.floor(Date.now() / 1000);
    const time = await runJob(JobKind.GET_TIME);
    const mined = await runJob(JobKind.MINE_BITCOIN);
    const to = Math.floor(Date.now() / 1000);
    expect(Number(time.result)).toBeGreaterThanOrEqual(from);
    expect(Number(time.result)).toBeLessThanOrEqual(to);
    expect([minedBy(from).toString(), minedBy(to).toString()]).toContain(mined.result);
    expect(mined).toMatchObject({ attempts: 1, worker: expect.stringMatching(/^w[01]$/) as string });
    expect(mined.execSeconds).toBeGreaterThan(1e-6);
    expect(mined.execSeconds).toBeLessThan(1);
  });

  test('RunJobs answers ten thousand jobs, each tag once', async () => {
    const call = client.runJobs();
    const results: TaggedResult[] = [];
    call.on('data', (message: { results: TaggedResult[] }) => results.push(...message.results));
    for (let batch = 0; batch < 10; batch++) {
      call.write({
        jobs: Array.from({ length: 1000 }, (_, i) => ({ tag: BigInt(batch * 1000 + i), kind: 1 + (i % 2) })),
      });
    }
    call.end();
    await once(call, 'end');
    expect(results.length).toBe(10_000);
    expect(new Set(results.map(({ tag }) => tag)).size).toBe(10_000);
    expect(results.every(({ tag, result }) => result.length === (tag % 2n === 0n ? 10 : 64))).toBe(true);
  });

  test('a deadline that passes is honoured down to the worker: jobs behind it are not run', async () => {
    const call = client.runJobs(new grpc.Metadata(), { deadline: Date.now() + 150 });
    const status = new Promise<grpc.StatusObject>((resolve) => call.on('status', resolve));
    call.on('error', () => undefined);
    call.on('data', () => undefined);
    // Some seconds of work for this machine.
    for (let i = 0; i < 50; i++)
      call.write({
        jobs: Array.from({ length: 2000 }, (_, tag) => ({ tag: BigInt(tag), kind: JobKind.MINE_BITCOIN })),
      });
    expect((await status).code).toBe(grpc.status.DEADLINE_EXCEEDED);
    const from = performance.now();
    await runJob(JobKind.MINE_BITCOIN);
    expect(performance.now() - from).toBeLessThan(1_000);
    expect(await cluster.metric('trireme_lb_jobs_outstanding')).toBe(0);
  });

  test('without a worker the health service says NOT_SERVING, with one SERVING', async () => {
    const own = await JobCluster.start([]);
    const health = async (): Promise<number> => (await fetch(`http://${own.admin}/readyz`)).status;
    expect(await health()).toBe(503);
    const worker = await own.addWorker(1);
    while ((await health()) !== 200) await new Promise((next) => setTimeout(next, 20));
    await worker.end();
    while ((await health()) !== 503) await new Promise((next) => setTimeout(next, 20));
    await own.stop();
  });
});

const hasGrpcurl = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'grpcurl')));
if (!hasGrpcurl) console.log('SKIP: grpcurl is not installed; reflection is not tried with it');

(hasGrpcurl ? describe : describe.skip)('grpcurl', () => {
  const grpcurl = async (...args: string[]): Promise<string> =>
    (await execute('grpcurl', ['-plaintext', ...args], { encoding: 'utf8' })).stdout;

  test('lists the services and describes them', async () => {
    const list = (await grpcurl(cluster.grpc, 'list')).split('\n');
    expect(list).toEqual(
      expect.arrayContaining(['trireme.v1.JobService', 'trireme.v1.ClusterService', 'grpc.health.v1.Health']),
    );
    expect(await grpcurl(cluster.grpc, 'describe', 'trireme.v1.JobService')).toContain('rpc RunJob');
  });

  test('runs a job, lists the workers and asks for health', async () => {
    const answer = JSON.parse(
      await grpcurl('-d', '{"kind":"JOB_KIND_GET_TIME"}', cluster.grpc, 'trireme.v1.JobService/RunJob'),
    ) as { result: string };
    expect(answer.result).toMatch(/^\d{10}$/);
    const { workers } = JSON.parse(
      await grpcurl('-d', '{}', cluster.grpc, 'trireme.v1.ClusterService/ListWorkers'),
    ) as { workers: { name: string; slots: number }[] };
    expect(workers.map(({ name, slots }) => [name, slots]).sort()).toEqual([
      ['w0', 1],
      ['w1', 1],
    ]);
    expect(await grpcurl(cluster.grpc, 'grpc.health.v1.Health/Check')).toContain('SERVING');
  });

  test('an unknown kind is an invalid argument', async () => {
    await expect(grpcurl('-d', '{"kind":7}', cluster.grpc, 'trireme.v1.JobService/RunJob')).rejects.toMatchObject({
      stderr: expect.stringContaining('InvalidArgument') as string,
    });
  });
});
