import * as grpc from '@grpc/grpc-js';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { JobServiceClient, type RunJobRequest, type RunJobResponse } from '../../src/gen/trireme/v1/job.js';
import { ClusterServiceClient, type OfferedKind } from '../../src/gen/trireme/v1/worker.js';
import { eventually } from '../support/capture-cluster.js';
import { RunningRole } from '../support/running-role.js';
import { scratchFolder } from '../support/scratch.js';

const scratch = scratchFolder();
const kinds = join(scratch.path, 'kinds');
const began = join(scratch.path, 'began');
const free = '127.0.0.1:0';
const roles: RunningRole[] = [];
let grpcAt: string;
let jobs: JobServiceClient;
let cluster: ClusterServiceClient;

/** The kinds of the folder; SEND tells on disk that it began, and ends when the file `go` is there. */
const files = {
  'upper.kind.mjs': 'export const kind = { mayCopy: true, run: ({ text }) => text.toUpperCase() };',
  'alone.kind.mjs': `export const kind = { isolate: 'process', run: ({ text }) => text + ' ' + process.pid };`,
  'reverse.kind.cjs': `exports.kind = { answers: 'bytes', mayCopy: true, run: ({ payload }) => Buffer.from(payload).reverse() };`,
  'send.kind.js': `const { appendFileSync, existsSync } = require('node:fs');
    exports.kind = { version: '1.2', payloadBytesMax: 100, async run({ text }) {
      appendFileSync(${JSON.stringify(began)}, text + '\\n');
      while (!existsSync(${JSON.stringify(join(scratch.path, 'go'))})) await new Promise((go) => setTimeout(go, 10));
      return 'sent ' + text;
    } };`,
};

async function start(args: readonly string[], ready: string): Promise<Readonly<Record<string, unknown>>> {
  const role = RunningRole.start(args);
  roles.push(role);
  return role.line(ready);
}

const worker = (name: string, ...more: string[]): Promise<unknown> =>
  start(['worker', '--host', grpcAt, '--slots', '1', '--name', name, ...more], 'attached');

beforeAll(async () => {
  mkdirSync(kinds);
  writeFileSync(began, '');
  for (const [name, text] of Object.entries(files)) writeFileSync(join(kinds, name), text);
  grpcAt = (await start(['lb', '--tcp', free, '--grpc', free, '--admin', free], 'listening')).grpc as string;
  jobs = new JobServiceClient(grpcAt, grpc.credentials.createInsecure());
  cluster = new ClusterServiceClient(grpcAt, grpc.credentials.createInsecure());
  await worker('without');
  await worker('with', '--kinds', kinds);
});

afterAll(async () => {
  jobs.close();
  cluster.close();
  await Promise.all(roles.map((role) => role.end()));
});

function run(request: Partial<RunJobRequest>): Promise<RunJobResponse> {
  return new Promise((resolve, reject) => {
    jobs.runJob({ kind: 0, ...request }, (error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

const offered = (): Promise<OfferedKind[]> =>
  new Promise((resolve, reject) => {
    cluster.listKinds({}, (error, response) => (error === null ? resolve(response.kinds) : reject(error)));
  });

test('kinds of the folder are offered with what they allow, by the worker that has them', async () => {
  const list = await offered();
  expect(list.find(({ name }) => name === 'GET_TIME')).toMatchObject({ kind: 1, workers: 2 });
  expect(list.find(({ name }) => name === 'SEND')).toMatchObject({
    workers: 1,
    terms: { version: '1.2', payloadBytesMax: 100, attempts: 1, mayCopy: false, text: true },
  });
  expect(list.map(({ name }) => name)).toEqual(expect.arrayContaining(['UPPER', 'REVERSE']));
});

test('their jobs go to that worker alone, each with its own payload, by name and by number', async () => {
  const { kind } = (await offered()).find(({ name }) => name === 'UPPER') as OfferedKind;
  const asked = Array.from({ length: 200 }, (_, at) => `job ${at} ${'x'.repeat(at * 10)}`);
  const answers = await Promise.all(
    asked.map((text, at) => run({ ...(at % 2 ? { kind } : { kindName: 'UPPER' }), payload: Buffer.from(text) })),
  );
  expect(answers.map(({ result }) => result)).toEqual(asked.map((text) => text.toUpperCase()));
  expect(new Set(answers.map((answer) => answer.worker))).toEqual(new Set(['with']));
  const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 256));
  const { result, resultBytes } = await run({ kindName: 'REVERSE', payload: bytes });
  expect([result, resultBytes?.equals(Buffer.from(bytes).reverse())]).toEqual(['', true]);
});

test('jobs of a kind with isolate: process run in a process of their own', async () => {
  const told = [await run({ kindName: 'ALONE', payload: Buffer.from('a') }), await run({ kindName: 'ALONE' })];
  const [first, second] = told.map(({ result }) => Number(result.split(' ')[1]));
  expect(told[0].result).toBe(`a ${first}`);
  expect(second).toBe(first);
  expect(first).not.toBe(roles[roles.length - 1].child.pid);
});

test('a kind that nobody offers, and a payload that is too long, are errors at once that say what there is', async () => {
  await expect(run({ kindName: 'THUMB' })).rejects.toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: expect.stringMatching(/^UNKNOWN_JOB: unknown job THUMB; there are GET_TIME \(1\), .*UPPER \(\d+\)/),
  });
  await expect(run({ kindName: 'SEND', payload: Buffer.alloc(101) })).rejects.toMatchObject({
    details: 'USAGE: the payload has 101 bytes, over 100 (payloadBytesMax of its kind)',
  });
});

test('a job that may not run twice and whose worker is killed has begun once, and its client hears that it may have run', async () => {
  await worker('second', '--kinds', kinds);
  const letters = Array.from({ length: 2 }, (_, at) => run({ kindName: 'SEND', payload: Buffer.from(`letter ${at}`) }));
  const outcomes = Promise.allSettled(letters);
  await eventually('both begun', () => Promise.resolve(readFileSync(began, 'utf8').split('\n').length === 3));
  const victim = roles[roles.length - 1];
  victim.child.kill('SIGKILL');
  await Promise.race(letters).catch(() => undefined);
  scratch.file('go', '');
  const ended = await outcomes;
  const failed = ended.filter((outcome) => outcome.status === 'rejected');
  expect(failed.map(({ reason }) => (reason as grpc.ServiceError).details)).toEqual([
    expect.stringMatching(/^MAY_HAVE_RUN: its worker was lost .*jobs of SEND@1.2 are not run twice \(mayCopy\)$/),
  ]);
  expect((failed[0].reason as grpc.ServiceError).code).toBe(grpc.status.UNKNOWN);
  const lines = readFileSync(began, 'utf8').trimEnd().split('\n').sort();
  expect(lines).toEqual(['letter 0', 'letter 1']);
});

test('the worker says what is wrong with a folder, and does not start', () => {
  scratch.file('bad.kind.js', 'exports.kind = { run: 7 };');
  const args = [join(projectRoot, 'bin', 'trireme'), 'worker', '--host', grpcAt, '--kinds', scratch.path];
  expect(() => execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' })).toThrow(
    /kind .*bad\.kind\.js: run must be a function/,
  );
});
