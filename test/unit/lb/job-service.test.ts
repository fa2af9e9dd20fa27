import { pino } from 'pino';
import * as grpc from '@grpc/grpc-js';
import { once } from 'node:events';
import { TriremeError } from '../../../src/common/errors.js';
import { startGrpcServer, type RunningGrpcServer } from '../../../src/common/grpc-server.js';
import {
  JobKind,
  JobServiceClient,
  RunJobsRequest,
  RunJobsResponse,
  type RunJobResponse,
  type TaggedResult,
} from '../../../src/gen/trireme/v1/job.js';
import { KindUnits } from '../../../src/gen/trireme/v1/worker.js';
import { AskedKinds } from '../../../src/lb/asked-kinds.js';
import { JobAdmission } from '../../../src/lb/job-admission.js';
import { fieldsPerTurnMax, JobCursor } from '../../../src/lb/job-cursor.js';
import { jobService, type ServedJobService } from '../../../src/lb/job-service.js';
import { PayloadBudget } from '../../../src/lb/payload-budget.js';
import { lbLimitsDefault } from '../../../src/lb/limits.js';
import { FakeHub } from '../../support/fake-hub.js';
import { statusTold } from '../../support/status-details.js';

let hub: FakeHub;
let admission: JobAdmission;
let payloads: PayloadBudget;
let service: ServedJobService;
let server: RunningGrpcServer;
let client: JobServiceClient;

beforeEach(async () => {
  hub = new FakeHub();
  admission = new JobAdmission(hub, { max: 20, fair: true });
  payloads = new PayloadBudget(10_000, 5_000);
  service = jobService({
    hub,
    admission,
    limits: { ...lbLimitsDefault, jobsPerConnectionMax: 8 },
    asked: new AskedKinds(hub, [
      { number: 1, name: 'GET_TIME' },
      { number: 2, name: 'MINE_BITCOIN' },
    ]),
    payloads,
  });
  server = await startGrpcServer({
    log: pino({ level: 'silent' }),
    listen: { host: '127.0.0.1', port: 0 },
    services: [service],
  });
  client = new JobServiceClient(`127.0.0.1:${server.address.port}`, grpc.credentials.createInsecure());
});

afterEach(async () => {
  client.close();
  await server.close(0);
  expect(admission.used).toBe(0);
  expect(payloads.used).toBe(0);
});

async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Calls RunJob; resolves with the answer or the status. */
function runJob(kind: JobKind, options: grpc.CallOptions = {}): Promise<RunJobResponse | grpc.ServiceError> {
  return new Promise((resolve) => {
    client.runJob({ kind }, new grpc.Metadata(), options, (error, response) => resolve(error ?? response));
  });
}

describe('RunJob', () => {
  test('answers with the result, the worker, its seconds and the attempts', async () => {
    hub.answerWith = (kind) => `kind ${kind}`;
    expect(await runJob(JobKind.MINE_BITCOIN)).toEqual({
      result: 'kind 2',
      worker: 'fake-worker',
      jobId: 1,
      execSeconds: 1e-6,
      attempts: 1,
    });
  });

  test.each([0, 7, 100, -1])('kind %d is no kind for clients: INVALID_ARGUMENT', async (kind) => {
    expect(await runJob(kind as JobKind)).toMatchObject({ code: grpc.status.INVALID_ARGUMENT });
    expect(hub.submitted).toBe(0);
  });

  test('a full queue is RESOURCE_EXHAUSTED, a failed job ABORTED', async () => {
    hub.ready = -1;
    expect(await runJob(1)).toMatchObject({ code: grpc.status.RESOURCE_EXHAUSTED, details: 'QUEUE_FULL: 7 jobs wait' });
    hub.ready = 1;
    const call = runJob(1);
    await turnsUntil(() => hub.jobs.size === 1);
    hub.fail(1, new TriremeError('JOB_FAILED', 'no luck'));
    expect(await call).toMatchObject({ code: grpc.status.ABORTED });
  });

  test("the caller's deadline goes to the hub in seconds, and its cancellation cancels the job", async () => {
    const call = client.runJob({ kind: 1 }, new grpc.Metadata(), { deadline: Date.now() + 60_000 }, () => undefined);
    await turnsUntil(() => hub.jobs.size === 1);
    const { timeoutSeconds } = hub.jobs.get(1) as { timeoutSeconds: number };
    expect(timeoutSeconds).toBeGreaterThan(50);
    expect(timeoutSeconds).toBeLessThanOrEqual(61);
    call.cancel();
    await turnsUntil(() => hub.jobs.size === 0);
    expect(hub.cancelled).toEqual([1]);
  });
});

describe('RunJobs', () => {
  test('results come as they finish, tagged; those of one turn in one message', async () => {
    const call = client.runJobs();
    const messages: RunJobsResponse[] = [];
    call.on('data', (message: RunJobsResponse) => messages.push(message));
    call.write({ jobs: [10n, 2n ** 60n, 30n].map((tag) => ({ tag, kind: 1 })) });
    call.write({ jobs: [{ tag: 40n, kind: 9 as JobKind }] });
    await turnsUntil(() => hub.jobs.size === 3 && messages.length === 1);
    hub.answer(3, 'c');
    hub.answer(2, 'b');
    await turnsUntil(() => messages.length === 2);
    hub.fail(1, new TriremeError('JOB_FAILED', 'no luck'));
    call.end();
    await once(call, 'end');
    expect(messages.map(({ results }) => results.map(({ tag, result, error }) => [tag, result || error]))).toEqual([
      [[40n, 'UNKNOWN_JOB: unknown job 9; there are GET_TIME (1), MINE_BITCOIN (2)']],
      [
        [30n, 'c'],
        [2n ** 60n, 'b'],
      ],
      [[10n, 'JOB_FAILED: no luck']],
    ]);
  });

  test('a stream has no more jobs outstanding than the bound, and gets every answer', async () => {
    hub.answerWith = () => 'x';
    const results: TaggedResult[] = [];
    const call = client.runJobs();
    call.on('data', (message: RunJobsResponse) => results.push(...message.results));
    for (let i = 0; i < 10; i++)
      call.write({ jobs: Array.from({ length: 30 }, (_, k) => ({ tag: BigInt(i * 30 + k), kind: 1 })) });
    call.end();
    await once(call, 'end');
    expect(hub.liveMax).toBeLessThanOrEqual(8);
    expect(new Set(results.map(({ tag }) => tag)).size).toBe(300);
    expect(results.length).toBe(300);
  });

  test('a message of more jobs than the bound is answered as room comes, and so is the one behind it', async () => {
    const tags: bigint[] = [];
    const call = client.runJobs();
    call.on('data', (message: RunJobsResponse) => tags.push(...message.results.map(({ tag }) => tag)));
    call.write({ jobs: Array.from({ length: 1000 }, (_, k) => ({ tag: BigInt(k), kind: 1 })) });
    call.end({ jobs: [{ tag: 1000n, kind: 1 }] });
    await turnsUntil(() => hub.jobs.size === 8);
    for (let job = 1; job <= 1001; job++) {
      await turnsUntil(() => hub.jobs.has(job));
      expect(hub.jobs.size).toBeLessThanOrEqual(8);
      hub.answer(job, 'x');
    }
    await once(call, 'end');
    expect(tags).toEqual(Array.from({ length: 1001 }, (_, k) => BigInt(k)));
  });

  test('a large message in which there is much to look through keeps no other client waiting', async () => {
    hub.answerWith = () => 'a';
    const fields = 2 ** 22;
    const message = Buffer.alloc(2 * fields);
    // A field that is not known; only the last one is a job.
    for (let at = 0; at < message.length; at += 2) message[at] = 0x10;
    RunJobsRequest.encode({ jobs: [{ tag: 0n, kind: 1 }] })
      .finish()
      .forEach((byte, i, job) => (message[message.length - job.length + i] = byte));
    const looks = jest.spyOn(JobCursor.prototype, 'look');
    try {
      const call = client.makeBidiStreamRequest(
        '/trireme.v1.JobService/RunJobs',
        (bytes: Buffer) => bytes,
        (bytes) => RunJobsResponse.decode(bytes),
      );
      const answer = once(call, 'data') as Promise<[RunJobsResponse]>;
      call.end(message);
      await turnsUntil(() => looks.mock.calls.length > 2);
      expect(await runJob(1)).toMatchObject({ result: 'a' });
      // It was in the midst of it, and not at its end.
      expect(looks.mock.calls.length).toBeLessThan(fields / fieldsPerTurnMax);
      expect((await answer)[0].results).toHaveLength(1);
    } finally {
      looks.mockRestore();
    }
  });

  test('a malformed message ends the stream as INVALID_ARGUMENT, and its jobs are cancelled', async () => {
    const path = '/trireme.v1.JobService/RunJobs';
    const call = client.makeBidiStreamRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
    );
    const failed = once(call, 'error') as Promise<[grpc.ServiceError]>;
    call.write(Buffer.from([0x0a, 2, 0x10, 1]));
    await turnsUntil(() => hub.jobs.size === 1);
    call.write(Buffer.from([0x0a, 200, 1]));
    const [{ code, details }] = await failed;
    expect(code).toBe(grpc.status.INVALID_ARGUMENT);
    expect(details).toBe('USAGE: a RunJobsRequest is malformed: a field points behind the end of its message');
    expect(hub.cancelled).toEqual([1]);
  });

  test('many streams share the admission and all get their answers', async () => {
    hub.answerWith = () => 'x';
    const counts = await Promise.all(
      Array.from({ length: 6 }, async () => {
        let count = 0;
        const call = client.runJobs();
        call.on('data', (message: RunJobsResponse) => (count += message.results.length));
        call.end({ jobs: Array.from({ length: 50 }, (_, k) => ({ tag: BigInt(k), kind: 2 })) });
        await once(call, 'end');
        return count;
      }),
    );
    expect(counts).toEqual(Array(6).fill(50));
    expect(hub.liveMax).toBeLessThanOrEqual(20);
  });

  test('a caller that cancels has its jobs cancelled', async () => {
    const call = client.runJobs();
    call.on('error', () => undefined);
    call.on('data', () => undefined);
    call.write({ jobs: [1n, 2n].map((tag) => ({ tag, kind: 1 })) });
    await turnsUntil(() => hub.jobs.size === 2);
    call.cancel();
    await turnsUntil(() => hub.jobs.size === 0);
    expect(hub.cancelled).toEqual([1, 2]);
    await turnsUntil(() => service.streams.size === 0);
  });

  test('draining answers what was taken, then ends the stream as UNAVAILABLE; new calls are refused', async () => {
    const results: string[] = [];
    const call = client.runJobs();
    const failed = once(call, 'error') as Promise<[grpc.ServiceError]>;
    call.on('data', (message: RunJobsResponse) => results.push(...message.results.map(({ result }) => result)));
    call.write({ jobs: [{ tag: 1n, kind: 1 }] });
    await turnsUntil(() => hub.jobs.size === 1);
    service.drain();
    expect(await runJob(1)).toMatchObject({ code: grpc.status.UNAVAILABLE });
    hub.answer(1, 'last');
    // once(call, 'error') rejects on 'error' unless that is the event waited for.
    expect((await failed)[0].code).toBe(grpc.status.UNAVAILABLE);
    expect(results).toEqual(['last']);
  });
});

describe('a kind that workers offer', () => {
  const terms = {
    version: '',
    payloadBytesMax: 4_000,
    resultBytesMax: 1000,
    timeoutSeconds: 30,
    attempts: 1,
    mayCopy: false,
    text: true,
    units: KindUnits.BYTES,
  };

  beforeEach(() => {
    hub.kinds = [
      { number: 300, name: 'UPPER', workers: 1, terms },
      { number: 301, name: 'PACK', workers: 1, terms: { ...terms, text: false } },
    ];
  });

  const run = (request: {
    kind?: number;
    kindName?: string;
    payload?: Buffer;
  }): Promise<RunJobResponse | grpc.ServiceError> =>
    new Promise((resolve) => {
      client.runJob({ ...request, kind: (request.kind ?? 0) as JobKind }, (error, response) =>
        resolve(error ?? response),
      );
    });

  test('is given its payload, and answers text or bytes', async () => {
    hub.answerWith = (kind) => `kind ${kind}`;
    const payload = Buffer.from([0, 255, 10]);
    expect(await run({ kindName: 'UPPER', payload })).toMatchObject({ result: 'kind 300' });
    expect(await run({ kind: 301 })).toMatchObject({ result: '', resultBytes: Buffer.from('kind 301') });
    hub.answerWith = undefined;
    const call = run({ kindName: 'PACK', payload });
    await turnsUntil(() => hub.jobs.size === 1);
    const [[id, job]] = [...hub.jobs];
    expect(Buffer.from(job.payload ?? [])).toEqual(payload);
    hub.answer(id, 'x');
    await call;
  });

  test.each([
    [{ kindName: 'THUMB' }, grpc.status.INVALID_ARGUMENT, /^UNKNOWN_JOB: unknown job THUMB; there are .*UPPER \(300\)/],
    [{ kind: 300, payload: Buffer.alloc(4_001) }, grpc.status.INVALID_ARGUMENT, /^USAGE: .* over 4000/],
    [{ kind: 1, payload: Buffer.alloc(1) }, grpc.status.INVALID_ARGUMENT, /^USAGE: .* takes none/],
  ])('%j is refused', async (request, code, details) => {
    const error = (await run(request)) as grpc.ServiceError;
    expect(error).toMatchObject({ code, details: expect.stringMatching(details) });
    const said = statusTold(error.metadata);
    expect([said?.code, said?.message]).toEqual([code, error.details]);
    expect(said?.details.ErrorInfo).toMatchObject({ reason: error.details.split(':')[0], metadata: expect.anything() });
    expect(hub.submitted).toBe(0);
  });

  test('has no more payload outstanding than there is room for: RunJob is refused, and has room again', async () => {
    const first = run({ kind: 300, payload: Buffer.alloc(3_000) });
    await turnsUntil(() => hub.jobs.size === 1);
    const refused = (await run({ kind: 300, payload: Buffer.alloc(3_000) })) as grpc.ServiceError;
    expect(refused).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: expect.stringContaining('payloads of 3000 bytes are outstanding'),
    });
    expect(statusTold(refused.metadata)?.details).toMatchObject({
      ErrorInfo: { metadata: { value: '3000', bound: '5000', boundName: 'payloadBytesPerClientMax' } },
      RetryInfo: { retryDelay: { seconds: 1 } },
    });
    hub.answer(1, 'x');
    await first;
    const second = run({ kind: 300, payload: Buffer.alloc(3_000) });
    await turnsUntil(() => hub.jobs.size === 1);
    hub.answer(2, 'x');
    expect(await second).toMatchObject({ result: 'x' });
  });

  test('of a stream waits for room for its payload, in its order, and every job has its own', async () => {
    const call = client.runJobs();
    const results: TaggedResult[] = [];
    call.on('data', (message: RunJobsResponse) => results.push(...message.results));
    const jobs = Array.from({ length: 5 }, (_, at) => ({
      tag: BigInt(at),
      kind: 0,
      kindName: 'UPPER',
      payload: Buffer.alloc(2_000, at),
    }));
    call.write({ jobs });
    await turnsUntil(() => hub.jobs.size === 2);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(hub.submitted).toBe(2);
    for (let id = 1; id <= 5; id++) {
      await turnsUntil(() => hub.jobs.has(id));
      expect(hub.jobs.get(id)?.payload?.[0]).toBe(id - 1);
      hub.answer(id, `answer ${id}`);
    }
    call.end();
    await once(call, 'end');
    expect(results.map(({ tag, result }) => [tag, result])).toEqual(
      jobs.map((_, at) => [BigInt(at), `answer ${at + 1}`]),
    );
  });
});
