import { noWorker } from '../../../../src/hub/port/job-sink.js';

import { counters, pass, proved, standingStill } from '../../../support/hedge-bench.js';

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
