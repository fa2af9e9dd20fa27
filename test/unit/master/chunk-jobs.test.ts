import { TriremeError } from '../../../src/common/errors.js';
import { ScanChunkResult } from '../../../src/gen/trireme/v1/capture.js';
import { ChunkJobs } from '../../../src/master/chunk-jobs.js';
import type { Hub } from '../../../src/hub/port/hub.js';
import type { JobSink } from '../../../src/hub/port/job-sink.js';
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

function bench(chunks: number, jobsMax?: number) {
  const jobs: { id: number; tag: number; sink: JobSink; cancelled: boolean }[] = [];
  const hub = {
    submit: (
      _kind: number,
      _units: number,
      _payload: unknown,
      _timeout: number,
      _avoid: number,
      sink: JobSink,
      tag: number,
    ) => {
      jobs.push({ id: jobs.length + 1, tag, sink, cancelled: false });
      return jobs.length;
    },
    cancel: (id: number) => (jobs[id - 1].cancelled = true),
  } as unknown as Hub;
  const answered: number[] = [];
  const errors: string[] = [];
  const owner = {
    heldBack: false,
    answered: (asked: ChunkPlan) => void answered.push(asked.start / 100),
    failed: (error: TriremeError) => void errors.push(error.code),
  };
  const chunkJobs = new ChunkJobs(hub, () => new Uint8Array(0), chunks * 100, owner, jobsMax);
  chunkJobs.add(Array.from({ length: chunks }, (_, number) => plan(number)));
  const done = (job: number, asked: ChunkPlan): void => {
    const bytes = answerTo(asked);
    jobs[job].sink.done(jobs[job].tag, bytes, 0, bytes.length, 1, 1, 1, 1);
  };
  const fail = (job: number): void => jobs[job].sink.failed(jobs[job].tag, new TriremeError('WORKER_LOST', 'lost'));
  return { jobs, chunkJobs, owner, answered, errors, done, fail };
}

test('while its owner holds chunks back none is handed to the hub, and those that are there are held back', () => {
  const { jobs, chunkJobs, owner } = bench(4);
  chunkJobs.feed(2, Infinity);
  expect(jobs.map(({ sink }) => sink.heldBack)).toEqual([false, false]);
  owner.heldBack = true;
  chunkJobs.feed(4, Infinity);
  expect(jobs.map(({ sink }) => sink.heldBack)).toEqual([true, true]);
  owner.heldBack = false;
  chunkJobs.feed(4, Infinity);
  expect(jobs).toHaveLength(4);
});

test('chunks are handed out in order, no more than asked for and none past the window', () => {
  const { jobs, chunkJobs } = bench(10);
  chunkJobs.feed(3, Infinity);
  expect(jobs).toHaveLength(3);
  chunkJobs.feed(10, 501);
  expect(jobs).toHaveLength(6);
  expect(chunkJobs.unassigned).toBe(4);
});

test('a chunk is answered once, and fails with its job', () => {
  const { chunkJobs, answered, errors, done, fail } = bench(2);
  chunkJobs.feed(2, Infinity);
  done(0, plan(0));
  done(0, plan(0));
  fail(0);
  expect([answered, errors]).toEqual([[0], []]);
  fail(1);
  expect(errors).toEqual(['WORKER_LOST']);
});

test('a chunk that is not wanted any more is cancelled', () => {
  const { jobs, chunkJobs } = bench(3);
  chunkJobs.feed(2, Infinity);
  chunkJobs.drop([plan(1), plan(2)]);
  expect(jobs.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  expect(chunkJobs.unassigned).toBe(0);
});

test("another chunk's answer is no answer", () => {
  const { chunkJobs, answered, errors, done } = bench(2);
  chunkJobs.feed(1, Infinity);
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

test('a chunk whose workers were lost is handed out again, first, as often as it may be', () => {
  const { jobs, chunkJobs, errors, fail, answered, done } = bench(3, 3);
  chunkJobs.feed(2, Infinity);
  fail(0);
  expect(errors).toEqual([]);
  chunkJobs.feed(2, Infinity);
  expect(jobs).toHaveLength(3);
  done(2, plan(0));
  expect(answered).toEqual([0]);
  fail(1);
  chunkJobs.feed(1, Infinity);
  fail(3);
  chunkJobs.feed(1, Infinity);
  fail(4);
  expect(errors).toEqual(['WORKER_LOST']);
});

test('a chunk that failed for any other reason is not handed out again', () => {
  const { jobs, chunkJobs, errors } = bench(1, 3);
  chunkJobs.feed(1, Infinity);
  jobs[0].sink.failed(jobs[0].tag, new TriremeError('JOB_FAILED', 'no'));
  expect(errors).toEqual(['JOB_FAILED']);
  expect(chunkJobs.unassigned).toBe(0);
});
