import * as grpc from '@grpc/grpc-js';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { JobServiceClient, type RunJobResponse } from '../../src/gen/trireme/v1/job.js';
import { eventually } from '../support/capture-cluster.js';
import { LineClient } from '../support/line-client.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

/** Kinds as a user writes them: files in the folder of the kinds. */
const kinds = {
  sleep: `exports.kind = { number: 78, name: 'SLEEP', clientMay: true, calibrate: () => 0.001,
    async run(batch) {
      for (let i = 0; i < batch.count; i++) {
        const end = Date.now() + 60_000;
        while (Date.now() < end && !batch.cancelled()) await new Promise((resolve) => setTimeout(resolve, 20));
        if (batch.cancelled()) batch.notRun('cancelled'); else batch.answer(Buffer.from('slept'));
      }
    } };`,
  spin: `exports.kind = { number: 83, name: 'SPIN', clientMay: true, timeoutSeconds: 1, calibrate: () => 0.001,
    run() { for (;;); } };`,
  lines: `exports.kind = { number: 82, name: 'LINES', clientMay: true, calibrate: () => 0.001,
    run(batch) { for (let i = 0; i < batch.count; i++) batch.answer(Buffer.from('line1\\nline2')); } };`,
  throws: `exports.kind = { number: 84, name: 'THROWS', clientMay: true, calibrate: () => 0.001,
    run() { throw new Error('no luck'); } };`,
};

const scratch = scratchFolder();
let lb: RunningRole;
let worker: RunningRole;
let tcp: { host: string; port: number };
let admin: string;
let client: JobServiceClient;

beforeAll(async () => {
  const root = scratch.path;
  for (const name of ['bin', 'proto', 'package.json'])
    cpSync(join(projectRoot, name), join(root, name), { recursive: true });
  mkdirSync(join(root, 'dist'));
  for (const name of ['src', 'web', 'proto.binpb.gz'])
    cpSync(join(projectRoot, 'dist', name), join(root, 'dist', name), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  for (const [name, text] of Object.entries(kinds)) scratch.file(`dist/src/kinds/${name}.kind.js`, text);
  const free = '127.0.0.1:0';
  lb = RunningRole.start(['lb', '--tcp', free, '--grpc', free, '--admin', free], [], root);
  const listening = (await lb.line('listening')) as { tcp: string; grpc: string; admin: string };
  const [host, port] = listening.tcp.split(':');
  tcp = { host, port: Number(port) };
  admin = listening.admin;
  worker = RunningRole.start(['worker', '--host', listening.grpc, '--slots', '1', '--name', 'w'], [], root);
  await worker.line('attached');
  client = new JobServiceClient(listening.grpc, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await worker.end();
  await lb.end();
});

function runJob(
  kind: number,
  options: grpc.CallOptions = {},
): { call: grpc.ClientUnaryCall; answer: Promise<RunJobResponse> } {
  let call: grpc.ClientUnaryCall | undefined;
  const answer = new Promise<RunJobResponse>((resolve, reject) => {
    call = client.runJob({ kind }, new grpc.Metadata(), options, (error, response) =>
      error === null ? resolve(response) : reject(error),
    );
  });
  answer.catch(() => undefined);
  return { call: call as grpc.ClientUnaryCall, answer };
}

async function busy(): Promise<number> {
  const text = await (await fetch(`http://${admin}/metrics`)).text();
  return Number(/^trireme_worker_busy\{.*\} (\d+)$/m.exec(text)?.[1]);
}

/** The worker's only slot answers again, and its thread was not ended for it. */
async function slotIsFree(): Promise<void> {
  await runJob(1, { deadline: Date.now() + 20_000 }).answer;
}

const threadDeaths = (): number => worker.log.filter(({ msg }) => msg === 'job thread died').length;

describe('a job that looks whether it is cancelled', () => {
  test('ends with the deadline of its caller', async () => {
    await expect(runJob(78, { deadline: Date.now() + 500 }).answer).rejects.toMatchObject({
      code: grpc.status.DEADLINE_EXCEEDED,
    });
    await slotIsFree();
    expect(threadDeaths()).toBe(0);
  });

  test('ends when its caller cancels', async () => {
    const { call, answer } = runJob(78);
    await eventually('the job on its slot', async () => (await busy()) === 1);
    call.cancel();
    await expect(answer).rejects.toMatchObject({ code: grpc.status.CANCELLED });
    await slotIsFree();
    expect(threadDeaths()).toBe(0);
  });

  // A client that has closed in order may still wait for its answers; one whose connection is reset does not.
  // At once and later: a reset that comes with the data looks like an end.
  test('ends when its caller over TCP is gone', async () => {
    for (const afterMs of [0, 0, 0, 0, 0, 1, 2, 3, 50]) {
      const gone = await LineClient.dial(tcp);
      gone.socket.write('78\n');
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs));
      gone.socket.resetAndDestroy();
      await slotIsFree();
    }
    expect(threadDeaths()).toBe(0);
  });
});

describe('a job that never ends', () => {
  test('fails by the time-out of its kind, says so once, and its slot is free again', async () => {
    const before = threadDeaths();
    const failure = await runJob(83, { deadline: Date.now() + 25_000 }).answer.then(
      () => 'answered',
      (error: grpc.ServiceError) => error.details,
    );
    expect(failure).toBe(
      'JOB_FAILED: a job of SPIN gave no answer within 1 s (timeoutSeconds of its kind), and its thread was ended',
    );
    await slotIsFree();
    expect(threadDeaths()).toBe(before + 1);
  });
});

test('lines: each job has one line, whatever its kind answers, and JOB_FAILED is said once', async () => {
  const lines = await LineClient.dial(tcp);
  lines.socket.write('82\n84\n82\n999\n');
  await lines.until(() => lines.lines.length === 4, 'the answers');
  const notOne = 'ERROR JOB_FAILED: its answer holds a line break, which lines cannot carry: ask over gRPC';
  expect(lines.lines).toEqual([notOne, 'ERROR JOB_FAILED: no luck', notOne, 'ERROR unknown job 999']);
  lines.socket.destroy();
  expect((await runJob(82).answer).result).toBe('line1\nline2');
});

test('a caller with 30 days is answered', async () => {
  const { answer } = runJob(1, { deadline: Date.now() + 30 * 86_400_000 });
  expect((await answer).result).toMatch(/^\d{10}$/);
});

test('workers of a load balancer that shuts down in order have left: nobody is called lost', async () => {
  expect(await lb.end()).toBe(0);
  const states = lb.log.filter(({ msg }) => msg === 'worker state').map(({ to }) => to);
  expect(states.at(-1)).toBe('LEFT');
  expect(states).not.toContain('LOST');
  const detached = await worker.line('detached');
  expect(detached).toMatchObject({ reason: 'the hub ended the stream in order', level: 30 });
});
