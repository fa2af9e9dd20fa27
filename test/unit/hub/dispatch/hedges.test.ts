import { pino } from 'pino';
import { createHub } from '../../../../src/hub/hub.js';
import { hedgeBurstSeconds } from '../../../../src/hub/dispatch/hedge-budget.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

import { counters, pass, proved, standingStill } from '../../../support/hedge-bench.js';

test.each([
  [0, true],
  [600_000, false],
])('a worker that answers nothing for 60 ms has its job of %i bytes copied: %s', (bytes, copied) => {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const workers = ['a', 'b'].map((name) => new ScriptedWorker(hub, { name, workerId: name }));
  const copies = (): number => workers.filter(({ jobs }) => jobs.length > 0).length - 1;
  const wait = (milliseconds: number): void => {
    for (let step = 0; step < milliseconds; step++) time.advance(0.001);
  };
  // 600,000 bytes may be on their way for 0.1 s.
  hub.submit(1, 1, Buffer.alloc(bytes), 0, noWorker, new RecordingSink(), 1);
  time.endTurn();
  wait(60);
  expect(copies()).toBe(copied ? 1 : 0);
  wait(140);
  expect(copies()).toBe(1);
  workers[1].die();
  // What the other one has counts again, and nothing of what is gone.
  expect(hub.census().live).toBe(1);
});

describe('a worker that stands still', () => {
  test('has its job given to another too; the answer of that one counts and the late one is dropped', () => {
    const { hub, sink, holders, time } = standingStill(2);
    const [still, other] = holders;
    expect(other.jobs).toEqual(still.jobs);
    const late = [...still.jobs];
    other.answer();
    time.endTurn();
    expect(sink.order).toEqual([1]);
    expect(still.recalls).toEqual(late);
    still.answer(late);
    expect(sink.extra).toEqual([]);
    expect([still.closedBecause, other.closedBecause]).toEqual([null, null]);
    expect(counters(hub)).toMatchObject({ copies: 1, duplicates: 1, retries: 0, done: 1 });
    expect(sink.attempts.get(1)).toBe(1);
    expect(hub.snapshot().workers.map(({ backlogSeconds }) => backlogSeconds)).toEqual([0, 0]);
  });

  test.each(['answers late', 'is lost', 'gives it back'])('and %s leaves no pick of the job open', (end) => {
    const { hub, holders, time } = standingStill(2, { pickSampleSeconds: 0 });
    const [still, other] = holders;
    const copy = [...other.jobs];
    still.answer();
    if (end === 'answers late') other.answer(copy);
    if (end === 'is lost') other.die();
    if (end === 'gives it back') other.giveBack(copy);
    time.endTurn();
    expect(hub.census()).toMatchObject({ live: 0, lent: 0, openPicks: 0 });
    const outcomes = hub.picks.latest(5, String).map(({ outcome }) => outcome);
    expect(outcomes).toEqual([end === 'answers late' ? 'ANSWERED' : 'NOT_ANSWERED', 'ANSWERED']);
  });

  test('keeps its job to itself while the sink holds it back', () => {
    const time = new FakeScheduler();
    const hub = createHub(pino({ level: 'silent' }), {}, time);
    const sink = Object.assign(new RecordingSink(), { heldBack: false });
    const workers = ['a', 'b'].map((name) => new ScriptedWorker(hub, { name, workerId: name }));
    hub.submit(1, 1, null, 0, noWorker, sink, 1);
    time.endTurn();
    const holders = (): number => workers.filter(({ jobs }) => jobs.length > 0).length;
    sink.heldBack = true;
    for (let step = 0; step < 500; step++) time.advance(0.001);
    expect([holders(), counters(hub)?.copies]).toEqual([1, 0]);
    sink.heldBack = false;
    for (let step = 0; step < 60; step++) time.advance(0.001);
    expect([holders(), counters(hub)?.copies]).toEqual([2, 1]);
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
    expect(standingStill(2, { hedgeShare: 0 }).holders[1].batches).toEqual([]);
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

describe('what may be done twice', () => {
  test('is a share of what was executed, and little more', () => {
    const share = 0.05;
    const bench = proved(2, { hedgeShare: share });
    let executed = 0;
    // Every answer claims a tenth of a second; jobs on the first worker are always late.
    for (let tag = 2; tag < 400; tag++) {
      bench.submit(tag);
      bench.time.endTurn();
      pass(bench, 0.5);
      for (const worker of bench.holders) {
        executed += worker.jobs.length * 0.1;
        if (worker.jobs.length > 0) worker.answer(worker.jobs, { execSeconds: worker.jobs.map(() => 0.1) });
      }
      bench.time.endTurn();
    }
    const wasted = counters(bench.hub)?.wastedSeconds ?? 0;
    expect(counters(bench.hub)?.copies).toBeGreaterThan(10);
    expect(wasted).toBeGreaterThan(1);
    expect(wasted).toBeLessThan(share * executed + hedgeBurstSeconds + 0.5);
  });
});

test('workers are looked at every 2 ms, and every 8 ms while jobs wait at the hub', () => {
  const { time, hub, submit } = standingStill(1);
  const looks = jest.spyOn(time, 'after');
  time.advance(0.1);
  expect(looks.mock.calls.filter(([seconds]) => seconds < 0.05)).toHaveLength(50);
  looks.mockClear();
  for (let tag = 2; hub.jobsWaiting === 0; tag++) submit(tag);
  time.advance(0.08);
  expect(looks.mock.calls.filter(([seconds]) => seconds < 0.05).length).toBeLessThanOrEqual(11);
});
