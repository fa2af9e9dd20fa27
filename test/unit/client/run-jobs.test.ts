import { EventEmitter } from 'node:events';
import type { JobServiceClient, RunJobsRequest, TaggedResult } from '../../../src/gen/trireme/v1/job.js';
import { eventually } from '../../support/capture-cluster.js';
import { runJobs, type EndedJob, type RunPort, type Task } from '../../../src/client/run-jobs.js';

/** The client's end of a RunJobs stream, answered by hand. */
class FakeStream extends EventEmitter {
  readonly asked: bigint[] = [];
  destroyed = false;
  ended = false;
  cancelled = false;

  write({ jobs }: RunJobsRequest): boolean {
    for (const { tag } of jobs) this.asked.push(tag);
    return true;
  }

  answer(tag: number, error = ''): void {
    const result: TaggedResult = { tag: BigInt(tag), result: 'ok', error, worker: 'w', execSeconds: 0, attempts: 1 };
    this.emit('data', { results: [result] });
  }

  end(): void {
    this.ended = true;
    this.emit('end');
  }

  cancel(): void {
    this.cancelled = true;
    this.emit('error', new Error('cancelled'));
  }
}

/** A turn of the event loop: what can go on has gone on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const task = (seq: number, bytes = 1, fault: string | null = null): Task => ({
  seq,
  label: '',
  payload: Buffer.alloc(bytes),
  fault,
});

function start(
  tasks: Iterable<Task>,
  more: Partial<RunPort> = {},
): { stream: FakeStream; over: Promise<void>; told: EndedJob[] } {
  const stream = new FakeStream();
  const told: EndedJob[] = [];
  const over = runJobs({ runJobs: () => stream } as unknown as JobServiceClient, tasks, {
    kind: 1,
    name: '',
    jobsMax: 10,
    retries: 0,
    waitMs: 0,
    signal: new AbortController().signal,
    nowMs: () => 0,
    ended: (job) => void told.push(job),
    broken: () => undefined,
    ...more,
  });
  over.catch(() => undefined);
  return { stream, over, told };
}

test('no more jobs are in flight than may be, and the next goes when one has ended', async () => {
  const { stream, over } = start(
    [1, 2, 3].map((seq) => task(seq)),
    { jobsMax: 2 },
  );
  await turn();
  expect(stream.asked).toEqual([1n, 2n]);
  stream.answer(2);
  await turn();
  expect(stream.asked).toEqual([1n, 2n, 3n]);
  stream.answer(1);
  stream.answer(3);
  await over;
  expect(stream.ended).toBe(true);
});

test('nor more than 32 MiB of payloads, unless one alone is larger', async () => {
  const MiB = 1024 * 1024;
  const { stream, over } = start([task(1, 33 * MiB), task(2, 20 * MiB), task(3, 12 * MiB), task(4, 1)]);
  await turn();
  expect(stream.asked).toEqual([1n]);
  stream.answer(1);
  await turn();
  expect(stream.asked).toEqual([1n, 2n, 3n]);
  stream.answer(3);
  await turn();
  expect(stream.asked).toEqual([1n, 2n, 3n, 4n]);
  stream.answer(2);
  stream.answer(4);
  await over;
});

test('a job that failed is asked for again so many times, and its last answer counts', async () => {
  const { stream, over, told } = start([task(1)], { retries: 2 });
  await turn();
  for (const error of ['JOB_FAILED: one', 'JOB_FAILED: two', 'JOB_FAILED: three']) stream.answer(1, error);
  await over;
  expect(stream.asked).toEqual([1n, 1n, 1n]);
  expect(told.map(({ result }) => result.error)).toEqual(['JOB_FAILED: three']);
});

test('one that may have run is not asked for again', async () => {
  const { stream, over, told } = start([task(1)], { retries: 2 });
  await turn();
  stream.answer(1, 'MAY_HAVE_RUN: its worker was lost');
  await over;
  expect([stream.asked.length, told.length]).toEqual([1, 1]);
});

test('a job of a kind that nobody offers yet is asked for again until its wait is over', async () => {
  let now = 0;
  const { stream, over, told } = start([task(1)], { waitMs: 1000, nowMs: () => now });
  const unknown = 'UNKNOWN_JOB: unknown job X; there are GET_TIME (1)';
  await turn();
  stream.answer(1, unknown);
  await eventually('the job asked for again', () => Promise.resolve(stream.asked.length === 2));
  now = 1000;
  stream.answer(1, unknown);
  await over;
  expect(told.map(({ result }) => result.error)).toEqual([unknown]);
});

test('a job that cannot be run at all is told and never asked for', async () => {
  const { stream, over, told } = start([task(1, 0, 'FILE_UNREADABLE: x'), task(2)], { retries: 2 });
  await turn();
  stream.answer(2);
  await over;
  expect(stream.asked).toEqual([2n]);
  expect(told.map(({ result }) => result.error)).toEqual(['FILE_UNREADABLE: x', '']);
});

test('a run that is cancelled cancels its stream, and waits for what is made of answers that came', async () => {
  const controller = new AbortController();
  let written: (() => void) | undefined;
  const { stream, over } = start([task(1), task(2)], {
    signal: controller.signal,
    ended: () => new Promise<void>((resolve) => (written = resolve)),
  });
  let ended = false;
  const end = over.catch((error: Error) => {
    ended = true;
    return error.message;
  });
  await turn();
  stream.answer(1);
  controller.abort();
  await turn();
  expect([stream.cancelled, ended]).toEqual([true, false]);
  written?.();
  expect(await end).toBe('cancelled');
});

test('an answer of which nothing can be made ends the run with why, and so does a task', async () => {
  const failing = start([task(1), task(2)], { ended: () => Promise.reject(new Error('disk full')) });
  await turn();
  failing.stream.answer(1);
  await expect(failing.over).rejects.toThrow('disk full');
  expect(failing.stream.cancelled).toBe(true);
  const tasks = function* (): Generator<Task> {
    yield task(1);
    throw new Error('another log');
  };
  const { stream, over } = start(tasks());
  await expect(over).rejects.toThrow('another log');
  expect(stream.cancelled).toBe(true);
});
