import * as grpc from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { JobServiceClient, type RunJobsResponse } from '../../src/gen/trireme/v1/job.js';
import { eventually } from '../support/capture-cluster.js';
import { JobCluster } from '../support/job-cluster.js';
import { LineClient } from '../support/line-client.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
let cluster: JobCluster;
let client: JobServiceClient;

/**
 * A kind that writes down what begins, and whose jobs end when they are cancelled, or at once where they are told so.
 */
beforeAll(async () => {
  const began = JSON.stringify(scratch.file('began', ''));
  scratch.file(
    'stay.kind.js',
    `const { appendFileSync } = require('node:fs');
     exports.kind = { async run(job) {
       appendFileSync(${began}, job.text + '\\n');
       while (job.text !== 'quick' && !job.cancelled()) await new Promise((go) => setTimeout(go, 5));
       return 'quick';
     } };`,
  );
  cluster = await JobCluster.start([]);
  await cluster.addWorker(1, [], ['--kinds', scratch.path]);
  client = new JobServiceClient(cluster.grpc, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await cluster.stop();
});

const begun = (): string[] => readFileSync(`${scratch.path}/began`, 'utf8').split('\n').slice(0, -1);

const quick = (): Promise<string> =>
  new Promise((resolve, reject) => {
    client.runJob({ kind: 0, kindName: 'STAY', payload: Buffer.from('quick') }, (error, answer) =>
      error === null ? resolve(answer.result) : reject(error),
    );
  });

test('a job of JSON lines that waits is cancelled by its id, is told so, and never begins', async () => {
  const lines = await LineClient.dial(cluster.tcp);
  lines.socket.write('{"id":1,"kind":"STAY","payload":"runs"}\n');
  await eventually('the first one', () => begun().includes('runs'));
  lines.socket.write(
    '{"id":7,"kind":"STAY","payload":"waits"}\n{"id":8,"kind":"STAY","payload":"quick"}\n{"cancel":7}\n',
  );
  await lines.until(() => lines.lines.length === 1, 'the answer of what was cancelled');
  lines.socket.write('{"cancel":1}\n');
  await lines.until(() => lines.lines.length === 3, 'all answers');
  const answers = lines.lines.map((line) => JSON.parse(line) as unknown);
  const cancelled = { code: 'CANCELLED', message: 'the job was cancelled' };
  expect(answers).toEqual([
    { id: 7, error: cancelled },
    { id: 1, error: cancelled },
    { id: 8, result: 'quick' },
  ]);
  expect(begun()).not.toContain('waits');
  lines.socket.destroy();
});

test('jobs of a RunJobs stream that is cancelled end, and those that wait never begin', async () => {
  const call = client.runJobs();
  call.on('data', ({ results }: RunJobsResponse) => results);
  const ended = new Promise<grpc.ServiceError>((resolve) => call.on('error', resolve));
  const jobs = ['stream runs', ...Array.from({ length: 500 }, () => 'stream waits')];
  call.write({
    jobs: jobs.map((text, at) => ({ tag: BigInt(at), kind: 0, kindName: 'STAY', payload: Buffer.from(text) })),
  });
  await eventually('the first one', () => begun().includes('stream runs'));
  call.cancel();
  expect((await ended).code).toBe(grpc.status.CANCELLED);
  // It has the slot behind all that was there before.
  expect(await quick()).toBe('quick');
  expect(begun()).not.toContain('stream waits');
});
