import { TriremeError } from '../../../src/common/errors.js';
import { ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { ChunkJobs } from '../../../src/master/chunk-jobs.js';
import { noWorker, type Hub, type JobSink, type WorkerSnapshot } from '../../../src/hub/types.js';
import type { ChunkPlan } from '../../../src/pcap/types.js';

const plan = (number: number): ChunkPlan => ({
  start: number * 100,
  end: number * 100 + 100,
  startCertain: false,
  state: null,
});
const answerTo = (asked: ChunkPlan): Uint8Array =>
  ScanChunkResult.encode({
    resultJson: JSON.stringify({ plan: asked, bytes: 100 }),
    partial: Buffer.from('p'),
    inputTruncated: false,
    inputDamage: '',
  }).finish();

function bench(chunks: number) {
  const jobs: { id: number; tag: number; avoid: number; sink: JobSink; cancelled: boolean }[] = [];
  const workers: Partial<WorkerSnapshot>[] = [];
  const hub = {
    submit: (
      _kind: number,
      _units: number,
      _payload: unknown,
      _timeout: number,
      avoid: number,
      sink: JobSink,
      tag: number,
    ) => {
      jobs.push({ id: jobs.length + 1, tag, avoid, sink, cancelled: false });
      return jobs.length;
    },
    cancel: (id: number) => (jobs[id - 1].cancelled = true),
    snapshot: () => ({ workers }),
  } as unknown as Hub;
  const answered: number[] = [];
  const errors: string[] = [];
  const clock = { now: 0 };
  const owner = {
    answered: (asked: ChunkPlan) => void answered.push(asked.start / 100),
    failed: (error: TriremeError) => void errors.push(error.code),
  };
  const chunkJobs = new ChunkJobs(
    hub,
    () => new Uint8Array(0),
    chunks * 100,
    owner,
    () => clock.now,
  );
  chunkJobs.add(Array.from({ length: chunks }, (_, number) => plan(number)));
  const worker = (number: number, changes: Partial<WorkerSnapshot> = {}): void => {
    workers.push({ number, state: 'SERVING', slots: 1, outstanding: 0, kinds: [], ...changes });
  };
  const give = (job: number, to: number): void => jobs[job].sink.given?.(jobs[job].tag, to);
  const done = (job: number, asked: ChunkPlan): void => {
    const bytes = answerTo(asked);
    jobs[job].sink.done(jobs[job].tag, bytes, 0, bytes.length, 1, 1, 1, 1);
  };
  const fail = (job: number): void => jobs[job].sink.failed(jobs[job].tag, new TriremeError('WORKER_LOST', 'lost'));
  return { jobs, workers, chunkJobs, answered, errors, clock, worker, give, done, fail };
}

test('chunks are handed out in order, no more than asked for and none past the window', () => {
  const { jobs, chunkJobs } = bench(10);
  chunkJobs.feed(3, Infinity);
  expect(jobs).toHaveLength(3);
  chunkJobs.feed(10, 501);
  expect(jobs).toHaveLength(6);
  expect(chunkJobs.unassigned).toBe(4);
});

/** Two chunks, the first done after a second, the other one running since the start on worker 1. */
function nearTheEnd(b = bench(2)) {
  b.worker(1, { outstanding: 1 });
  b.worker(2);
  b.chunkJobs.feed(2, Infinity);
  b.give(0, 2);
  b.give(1, 1);
  b.clock.now = 1;
  b.done(0, plan(0));
  return b;
}

test('the last chunk is given to an idle worker too once it runs twice as long as the others, but only once', () => {
  const { jobs, chunkJobs, clock } = nearTheEnd();
  clock.now = 1.9;
  chunkJobs.copyStraggler();
  expect(jobs).toHaveLength(2);
  clock.now = 2.1;
  chunkJobs.copyStraggler();
  expect(jobs).toHaveLength(3);
  expect(jobs[2].avoid).toBe(1);
  clock.now = 60;
  chunkJobs.copyStraggler();
  expect(jobs).toHaveLength(3);
});

test.each([
  ['the first', 1, 2],
  ['the copy', 2, 1],
])('of two answers %s counts once, and the other job is cancelled', (_what, winner, loser) => {
  const { jobs, chunkJobs, clock, answered, done, errors } = nearTheEnd();
  clock.now = 3;
  chunkJobs.copyStraggler();
  done(winner, plan(1));
  expect(answered).toEqual([0, 1]);
  expect(jobs[loser].cancelled).toBe(true);
  done(loser, plan(1));
  expect(answered).toEqual([0, 1]);
  expect(errors).toEqual([]);
});

test('a silent worker has its chunk copied at once', () => {
  const { jobs, chunkJobs, clock, workers } = nearTheEnd();
  clock.now = 1.1;
  workers[0] = { ...workers[0], state: 'SILENT' };
  chunkJobs.copyStraggler();
  expect(jobs).toHaveLength(3);
});

test.each<[string, (b: ReturnType<typeof bench>) => void]>([
  ['chunks are still unassigned', (b) => b.chunkJobs.addFirst(plan(7))],
  ['no other worker is idle', (b) => (b.workers[1] = { ...b.workers[1], outstanding: 1 })],
  ['the other worker drains', (b) => (b.workers[1] = { ...b.workers[1], state: 'DRAINING' })],
])('nothing is copied while %s', (_what, change) => {
  const b = nearTheEnd();
  b.clock.now = 60;
  change(b);
  b.chunkJobs.copyStraggler();
  expect(b.jobs).toHaveLength(2);
});

test('a failed copy does not fail the chunk while the first still runs, and the last failure does', () => {
  const { chunkJobs, clock, errors, fail } = nearTheEnd();
  clock.now = 3;
  chunkJobs.copyStraggler();
  fail(2);
  expect(errors).toEqual([]);
  fail(1);
  expect(errors).toEqual(['WORKER_LOST']);
});

test("another chunk's answer is no answer", () => {
  const { chunkJobs, answered, errors, give, done } = bench(2);
  chunkJobs.feed(1, Infinity);
  give(0, noWorker + 2);
  done(0, plan(1));
  expect(answered).toEqual([]);
  expect(errors).toEqual(['INTERNAL']);
});

test('closing cancels all that runs', () => {
  const { jobs, chunkJobs } = bench(3);
  chunkJobs.feed(3, Infinity);
  chunkJobs.close();
  expect(jobs.map(({ cancelled }) => cancelled)).toEqual([true, true, true]);
  chunkJobs.feed(3, Infinity);
  expect(jobs).toHaveLength(3);
});
