import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { hedgeBurstSeconds } from '../../../../src/hub/dispatch/hedge-budget.js';
import type { HubOptions } from '../../../../src/hub/port/options.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

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

/** Workers of one slot whose jobs of kind 1 take 1 ms, as each has shown with a result; job 1 is on the first. */
function proved(workers: number, options: Partial<HubOptions> = {}): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), { copyAfterMs: Infinity, ...options }, time);
  const sink = new RecordingSink();
  const all = Array.from(
    { length: workers },
    (_, at) => new ScriptedWorker(hub, { name: `w${at}`, workerId: `w${at}` }),
  );
  const submit = (tag: number, units = 1): number => hub.submit(1, units, null, 0, noWorker, sink, tag);
  all.forEach((_worker, at) => submit(-1 - at));
  time.endTurn();
  for (const worker of all) worker.answer();
  submit(1);
  time.endTurn();
  const first = all.filter((worker) => worker.jobs.length > 0);
  expect(first).toHaveLength(1);
  return { time, hub, sink, holders: [...first, ...all.filter((worker) => !first.includes(worker))], submit };
}

/** Heartbeats come, and nothing else. */
function pass({ time, holders }: Bench, seconds: number): void {
  for (let left = seconds; left > 0; left -= 0.5) {
    time.advance(Math.min(left, 0.5));
    for (const worker of holders) worker.heartbeat();
    time.endTurn();
  }
}

describe('an overdue job', () => {
  test('is asked back and given to another, and of two answers the first one counts', () => {
    const bench = proved(2);
    const [late, other] = bench.holders;
    const id = late.jobs[0];
    pass(bench, 0.04);
    expect(other.jobs).toEqual([]);
    pass(bench, 0.02);
    expect(late.recalls).toEqual([id]);
    expect(other.jobs).toEqual([id]);
    other.answer();
    late.answer([id]);
    expect(bench.sink.order.filter((tag) => tag > 0)).toEqual([1]);
    expect(bench.sink.extra).toEqual([]);
    expect(counters(bench.hub)).toMatchObject({ copies: 1, copiesWon: 1, recalls: 1, duplicates: 1 });
    expect(counters(bench.hub)?.wastedSeconds).toBeCloseTo(0.001);
    expect(bench.hub.snapshot().workers.map(({ backlogSeconds }) => backlogSeconds)).toEqual([0, 0]);
  });

  test('that has not begun comes back, and nothing is wasted', () => {
    const bench = proved(2);
    const [late, other] = bench.holders;
    pass(bench, 0.06);
    late.giveBack();
    other.answer();
    expect(bench.sink.answers.has(1)).toBe(true);
    expect(counters(bench.hub)).toMatchObject({ copies: 1, wastedSeconds: 0, duplicates: 0 });
    expect(bench.hub.snapshot().workers.map(({ state }) => state)).toEqual(['SERVING', 'SERVING']);
  });

  test('is only asked back when nothing may be done twice, and then goes elsewhere', () => {
    const bench = proved(2, { hedgeShare: 0 });
    const [late, other] = bench.holders;
    pass(bench, 0.06);
    expect([late.recalls.length, other.jobs]).toEqual([1, []]);
    late.giveBack();
    bench.time.endTurn();
    bench.holders.find((worker) => worker.jobs.length > 0)?.answer();
    expect(bench.sink.answers.has(1)).toBe(true);
    expect(counters(bench.hub)).toMatchObject({ copies: 0, recalls: 1, notRun: 1 });
    expect(bench.hub.snapshot().workers.map(({ state }) => state)).toEqual(['SERVING', 'SERVING']);
  });

  test('that its worker lost goes to another in the end, though that one answers others and nothing may be done twice', () => {
    const bench = proved(2, { hedgeShare: 0 });
    const [late, other] = bench.holders;
    const [lost] = late.jobs;
    const passAnswering = (seconds: number): void => {
      for (let step = 0; step < seconds * 5; step++) {
        pass(bench, 0.2);
        // Both get some, so that neither is one that answers nothing.
        for (let job = 0; job < 16; job++) bench.submit(100 + 16 * step + job);
        bench.time.endTurn();
        expect(late.jobs.length).toBeGreaterThan(1);
        for (const worker of bench.holders) worker.answer(worker.jobs.filter((id) => worker !== late || id !== lost));
      }
    };
    passAnswering(15);
    expect(bench.sink.answers.has(1)).toBe(false);
    passAnswering(15);
    expect(bench.sink.answers.has(1)).toBe(true);
    expect(bench.hub.snapshot().workers.map(({ state }) => state)).toEqual(['SERVING', 'SERVING']);
    expect(other.jobs).toEqual([]);
  });

  test('goes first when a worker has room, though others wait at the hub', () => {
    const bench = proved(2);
    const [late, other] = bench.holders;
    const id = late.jobs[0];
    for (let tag = 2; tag < 100; tag++) bench.submit(tag);
    bench.time.endTurn();
    expect(bench.hub.jobsWaiting).toBeGreaterThan(10);
    pass(bench, 0.06);
    // Those before it are overdue too; of all that waited, it is the first to be given out.
    const before = other.jobs.length;
    other.answer();
    bench.time.endTurn();
    expect(before).toBeGreaterThan(0);
    expect(other.jobs[0]).toBe(id);
  });

  test('stays where it is when no other worker could run it', () => {
    const bench = proved(1);
    pass(bench, 5);
    expect(bench.holders[0].recalls).toEqual([]);
    bench.holders[0].answer();
    expect(bench.sink.answers.has(1)).toBe(true);
  });

  test.each([
    ['job', 1, 0.4, 0.2],
    ['chunk', 2, 0.9, 0.3],
  ])(
    'that is a %s on a worker without any result is given longer, until one is known',
    (_what, units, before, after) => {
      const bench = standingStill(2, { copyAfterMs: Infinity });
      if (units > 1) {
        bench.holders[0].answer();
        bench.hub.submit(2, 2, null, 0, noWorker, bench.sink, 2);
        bench.time.endTurn();
      }
      const holders = (): number => bench.holders.filter(({ jobs }) => jobs.length > 0).length;
      pass(bench, before);
      expect(holders()).toBe(1);
      pass(bench, after);
      expect(holders()).toBe(2);
    },
  );

  test('that is a chunk is overdue after 0.3 s, however little it was expected to take', () => {
    const bench = proved(2);
    const [one] = bench.holders;
    one.answer();
    bench.submit(2, 2);
    bench.time.endTurn();
    const holders = (): number => bench.holders.filter(({ jobs }) => jobs.length > 0).length;
    pass(bench, 0.29);
    expect(holders()).toBe(1);
    pass(bench, 0.05);
    expect(holders()).toBe(2);
  });

  test('is one whose worker is silent, and a chunk is treated alike', () => {
    const bench = proved(2);
    const [one] = bench.holders;
    one.answer();
    bench.submit(2, 1000);
    bench.time.endTurn();
    const [holder, other] = one.jobs.length > 0 ? bench.holders : [...bench.holders].reverse();
    bench.time.advance(1);
    other.heartbeat();
    bench.time.advance(0.9);
    other.heartbeat();
    expect(other.jobs).toEqual(holder.jobs);
    other.answer();
    expect(bench.sink.answers.has(2)).toBe(true);
  });

  test('that its first worker answers while it waits for a second one has had its answer', () => {
    const bench = proved(2, { jobsOutstandingMax: 1 });
    const [late] = bench.holders;
    bench.submit(2);
    bench.time.endTurn();
    pass(bench, 0.06);
    expect(bench.hub.jobsWaiting).toBeGreaterThan(0);
    late.answer();
    expect(bench.sink.order.filter((tag) => tag > 0)).toEqual([1]);
    bench.time.endTurn();
    for (const worker of bench.holders) worker.answer();
    expect(bench.sink.answers.has(2)).toBe(true);
    expect(bench.hub.snapshot()).toMatchObject({ jobsLive: 0, jobsWaiting: 0 });
  });

  test('is one of 64 that wait for a second worker: each look at that line tries all of them', () => {
    const bench = proved(80, { hedgeShare: 1 });
    for (let tag = 2; tag < 1000; tag++) bench.submit(tag);
    bench.time.endTurn();
    const held = bench.holders.reduce((sum, { jobs }) => sum + jobs.length, 0);
    expect(held).toBeGreaterThan(100);
    pass(bench, 0.2);
    expect(bench.hub.census().avoiding).toBe(64);
  });

  test('is one of the oldest 32 of its worker, more of which one look does not take', () => {
    const bench = proved(2, { hedgeShare: 0 });
    for (const worker of bench.holders) worker.heartbeat({ slots: 64 });
    for (let tag = 2; bench.hub.jobsWaiting === 0; tag++) bench.submit(tag);
    bench.time.endTurn();
    const recalled = (): number[] => bench.holders.map(({ recalls }) => recalls.length);
    expect(Math.min(...bench.holders.map(({ jobs }) => jobs.length))).toBeGreaterThan(40);
    while (Math.max(...recalled()) === 0) pass(bench, 0.001);
    expect(recalled()).toEqual([32, 32]);
  });

  test('taken from a worker before it was sent to it leaves nothing behind there', () => {
    const bench = proved(2);
    const [late, other] = bench.holders;
    late.takesMore = false;
    late.heartbeat();
    const blocked = late.jobs.length;
    // The first message is taken and answers that the stream is full; the next job waits behind it.
    bench.submit(2);
    bench.submit(3);
    bench.time.endTurn();
    pass(bench, 0.2);
    late.drained();
    bench.time.endTurn();
    for (let round = 0; round < 5; round++) {
      for (const worker of [other, late]) if (worker.jobs.length > 0) worker.answer();
      bench.time.endTurn();
    }
    expect(blocked).toBe(1);
    expect([...bench.sink.answers.keys()].filter((tag) => tag > 0).sort()).toEqual([1, 2, 3]);
    expect(bench.hub.snapshot().workers.map(({ backlogSeconds }) => backlogSeconds)).toEqual([0, 0]);
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
