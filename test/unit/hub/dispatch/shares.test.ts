import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { Shares } from '../../../../src/hub/shares/shares.js';
import { JobStatus } from '../../../../src/gen/trireme/v1/worker.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

class ClientSink extends RecordingSink {
  constructor(readonly share: number) {
    super();
  }
}

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly shares: Shares;
  readonly worker: ScriptedWorker;
  readonly sinks: readonly ClientSink[];
  ask(share: number, tag: number, timeoutSeconds?: number): number;
}

/** A hub with one worker that holds one job at a time, of a second, and clients of these bounds. */
function bench(bounds: readonly number[] = [Infinity, Infinity]): Bench {
  const time = new FakeScheduler();
  const shares = new Shares();
  for (const [at, secondsPerSecondMax] of bounds.entries())
    shares.add(`c${at}`, { weight: 1, secondsPerSecondMax }, time.now());
  const hub = createHub(pino({ level: 'silent' }), { hedgeShare: 0, shares }, time);
  const worker = new ScriptedWorker(hub, {
    ...{ name: 'w', workerId: 'w', slots: 1 },
    kinds: [{ kind: 1, name: 'GET_TIME', secondsPerUnit: 1, terms: undefined }],
  });
  const sinks = bounds.map((_, at) => new ClientSink(at));
  return {
    ...{ time, hub, shares, worker, sinks },
    ask: (share, tag, timeoutSeconds = 0) => hub.submit(1, 1, null, timeoutSeconds, noWorker, sinks[share], tag),
  };
}

/** The worker answers the job that it has, which took so long. */
function answer({ time, worker }: Bench, seconds: number): void {
  worker.answer([worker.jobs[worker.jobs.length - 1]], { execSeconds: [seconds] });
  time.endTurn();
}

/** Whose job the worker has. */
const lastOf = ({ shares }: Bench): number => shares.all.findIndex(({ running }) => running > 0);

const given = ({ sinks }: Bench): number[] => sinks.map(({ givenTo }) => givenTo.length);

test('clients take turns, however many jobs one of them has', () => {
  const on = bench();
  for (let tag = 0; tag < 50; tag++) on.ask(0, tag);
  for (let tag = 0; tag < 5; tag++) on.ask(1, tag);
  on.time.endTurn();
  for (let job = 0; job < 9; job++) answer(on, 1);
  expect(given(on)).toEqual([5, 5]);
  for (let job = 0; job < 3; job++) answer(on, 1);
  expect(given(on)).toEqual([8, 5]);
});

test('a job counts with what its worker measured, whatever was predicted', () => {
  const on = bench();
  for (let tag = 0; tag < 50; tag++) for (const share of [0, 1]) on.ask(share, tag);
  on.time.endTurn();
  // Those of the second client take three times as long as those of the first.
  for (let job = 0; job < 40; job++) answer(on, on.worker.jobs.length > 0 && lastOf(on) === 1 ? 3 : 1);
  const [one, two] = on.shares.all;
  expect(one.jobsTotal / two.jobsTotal).toBeCloseTo(3, 0);
  expect(one.secondsTotal).toBe(one.jobsTotal);
  expect(two.secondsTotal).toBe(3 * two.jobsTotal);
  expect(one.lastMinute.sum(on.time.now())).toBe(one.secondsTotal);
});

test('jobs of a client that has used up its seconds wait, though a worker is free, and go on by themselves', () => {
  const on = bench([0.5, Infinity]);
  on.ask(0, 1);
  on.time.endTurn();
  answer(on, 1);
  on.ask(0, 2);
  on.time.endTurn();
  expect([given(on), on.shares.all[0].throttled]).toEqual([[1, 0], true]);
  // Another one passes it.
  on.ask(1, 3);
  on.time.endTurn();
  expect(given(on)).toEqual([1, 1]);
  answer(on, 1);
  on.time.advance(0.5);
  expect(given(on)).toEqual([1, 1]);
  on.time.advance(0.6);
  on.time.endTurn();
  expect(given(on)).toEqual([2, 1]);
});

test('a job that is taken back counts with the time for which its worker had it', () => {
  const on = bench();
  const id = on.ask(0, 1);
  on.time.endTurn();
  on.time.advance(0.4);
  on.hub.cancel(id);
  expect(on.shares.all[0].secondsTotal).toBeCloseTo(0.4);
  const long = on.ask(0, 2);
  on.time.endTurn();
  on.time.advance(1.4);
  on.hub.cancel(long);
  // What is beyond the second that was predicted was work, but for what a worker lets a job wait.
  expect(on.shares.all[0].secondsTotal).toBeCloseTo(0.4 + 1.3);
});

test('a job that its worker gave back counts with nothing', () => {
  const on = bench();
  on.ask(0, 3);
  on.time.endTurn();
  expect(on.shares.all[0].pendingSeconds).toBeGreaterThan(0);
  on.worker.answer([on.worker.jobs[on.worker.jobs.length - 1]], { status: [JobStatus.NOT_RUN] });
  const [{ secondsTotal, pendingSeconds, running, waiting }] = on.shares.all;
  expect([secondsTotal, pendingSeconds, running, waiting]).toEqual([0, 0, 0, 1]);
});

test('a job that fails counts with what its worker measured', () => {
  const on = bench();
  on.ask(0, 1);
  on.time.endTurn();
  on.worker.answer([on.worker.jobs[0]], { status: [JobStatus.FAILED], execSeconds: [0.7] });
  expect([on.shares.all[0].secondsTotal, on.shares.jobs]).toEqual([0.7, 0]);
});

test('a deadline is judged by the jobs of its own client alone', () => {
  const on = bench();
  for (let tag = 0; tag < 200; tag++) on.ask(0, tag);
  on.time.endTurn();
  for (let job = 0; job < 10; job++) {
    on.time.advance(0.1);
    answer(on, 0.1);
  }
  on.ask(0, 1000, 5);
  on.ask(1, 1001, 5);
  on.time.endTurn();
  expect([on.sinks[0].errors.get(1000), on.sinks[1].errors.get(1001)]).toEqual(['DEADLINE_PASSED', undefined]);
});
