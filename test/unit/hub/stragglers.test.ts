import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../src/hub/hub.js';
import type { HubOptions } from '../../../src/hub/options.js';
import { noWorker } from '../../../src/hub/types.js';
import { FakeScheduler } from '../../support/fake-scheduler.js';
import { RecordingSink } from '../../support/recording-sink.js';
import { ScriptedWorker } from '../../support/scripted-worker.js';

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  /** Workers in the order in which the first job went to them and its copies. */
  readonly holders: ScriptedWorker[];
  submit(tag: number, units?: number): number;
}

/** A hub with workers of one slot and one job, tag 1, which is on the first of the holders; the rest are idle. */
function standingStill(workers: number, options: Partial<HubOptions> = {}): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), options, time);
  const sink = new RecordingSink();
  const all = Array.from(
    { length: workers },
    (_, at) => new ScriptedWorker(hub, { name: `w${at}`, workerId: `w${at}` }),
  );
  const submit = (tag: number, units = 1): number => hub.submit(1, units, null, 0, noWorker, sink, tag);
  submit(1);
  time.endTurn();
  const holders = all.filter((worker) => worker.jobs.length > 0);
  expect(holders).toHaveLength(1);
  for (let step = 0; step < 60; step++) {
    time.advance(0.001);
    holders.push(...all.filter((worker) => worker.jobs.length > 0 && !holders.includes(worker)));
  }
  return { time, hub, sink, holders: [...holders, ...all.filter((worker) => !holders.includes(worker))], submit };
}

const counters = (hub: AttachableHub) => hub.snapshot().kinds.find(({ kind }) => kind === 1);

describe('a worker that stands still', () => {
  test('has its job given to another too; the answer of that one counts and the late one is dropped', () => {
    const { hub, sink, holders, time } = standingStill(2);
    const [still, other] = holders;
    expect(other.jobs).toEqual(still.jobs);
    const late = [...still.jobs];
    other.answer();
    time.endTurn();
    expect(sink.order).toEqual([1]);
    expect(still.cancels).toEqual(late);
    still.answer(late);
    expect(sink.extra).toEqual([]);
    expect([still.closedBecause, other.closedBecause]).toEqual([null, null]);
    expect(counters(hub)).toMatchObject({ copies: 1, duplicates: 1, retries: 0, done: 1 });
    expect(sink.attempts.get(1)).toBe(1);
    expect(hub.snapshot().workers.map(({ backlogSeconds }) => backlogSeconds)).toEqual([0, 0]);
  });

  test('may still be the first to answer', () => {
    const { hub, sink, holders, time } = standingStill(2);
    const [still, other] = holders;
    const copy = [...other.jobs];
    still.answer();
    time.endTurn();
    expect(sink.order).toEqual([1]);
    expect(other.cancels).toEqual(copy);
    other.giveBack(copy);
    expect(other.closedBecause).toBeNull();
    expect(counters(hub)).toMatchObject({ copies: 1, done: 1 });
    expect(hub.snapshot().workers.map(({ backlogSeconds }) => backlogSeconds)).toEqual([0, 0]);
  });

  test('that answers twice what it was asked once is cut off', () => {
    const { holders, sink } = standingStill(2);
    const late = [...holders[0].jobs];
    holders[1].answer();
    holders[0].answer(late);
    holders[0].answer(late);
    expect(holders[0].closedBecause).toMatch(/not given or has answered/);
    expect(sink.extra).toEqual([]);
  });

  test('is one of three at most', () => {
    const { hub, holders } = standingStill(5);
    expect(holders.map((worker) => worker.batches)).toEqual([[1], [1], [1], [], []]);
    expect(counters(hub)).toMatchObject({ copies: 2 });
  });

  test('and is then lost costs the job nothing, for another has it', () => {
    const { hub, sink, holders } = standingStill(2);
    holders[0].die();
    holders[1].answer();
    expect(sink.order).toEqual([1]);
    expect(counters(hub)).toMatchObject({ done: 1, retries: 0 });
  });

  test('answers for a job whose other holder is lost', () => {
    const { sink, holders, time } = standingStill(2);
    const [still, other] = holders;
    other.die();
    time.endTurn();
    still.answer([still.jobs[0]]);
    expect(sink.order).toEqual([1]);
    expect(still.closedBecause).toBeNull();
  });

  test('keeps its jobs to itself when told that copies are not wanted', () => {
    expect(standingStill(2, { copyAfterMs: Infinity }).holders[1].batches).toEqual([]);
  });

  test('keeps its chunks to itself', () => {
    const { hub, time, submit, holders } = standingStill(1);
    holders[0].answer();
    submit(2, 1000);
    const other = new ScriptedWorker(hub, { name: 'other', workerId: 'other' });
    time.advance(1.3);
    expect(other.batches).toEqual([]);
  });

  test('keeps its jobs to itself while jobs wait at the hub', () => {
    const { hub, time, submit, holders } = standingStill(1);
    expect(holders[0].jobs).toHaveLength(1);
    hub.submit(99, 1, null, 0, noWorker, new RecordingSink(), 7);
    const other = new ScriptedWorker(hub, { name: 'other', workerId: 'other' });
    time.advance(0.05);
    expect(other.batches).toEqual([]);
    submit(2);
    time.endTurn();
    expect(other.jobs).toHaveLength(1);
  });

  test('is not found when it was the hub that stood still', () => {
    const time = new FakeScheduler();
    const hub = createHub(pino({ level: 'silent' }), {}, time);
    const workers = ['a', 'b'].map((name) => new ScriptedWorker(hub, { name, workerId: name }));
    hub.submit(1, 1, null, 0, noWorker, new RecordingSink(), 1);
    time.endTurn();
    time.standStill(0.3);
    time.advance(0);
    expect(workers.flatMap((worker) => worker.batches)).toEqual([1]);
    time.advance(0.05);
    expect(workers.flatMap((worker) => worker.batches)).toEqual([1, 1]);
  });
});
