import { pino } from 'pino';
import type { Hello } from '../../../../src/gen/trireme/v1/worker.js';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import type { HubOptions } from '../../../../src/hub/port/options.js';
import { probeSecondsMax, stallSecondsAlone } from '../../../../src/hub/workers/stall.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

/** Seconds that a worker takes for each of its jobs. */
const jobSeconds = 0.001;
const heartbeatSeconds = 0.25;

/** Workers that send heartbeats on time; those of `hung` answer nothing. Time moves in steps of a millisecond. */
class Fleet {
  readonly time = new FakeScheduler();
  readonly hub: AttachableHub;
  readonly sink = new RecordingSink();
  readonly hung = new Set<ScriptedWorker>();
  readonly workers: ScriptedWorker[] = [];
  private steps = 0;

  constructor(options: Partial<HubOptions> = {}) {
    this.hub = createHub(pino({ level: 'silent' }), options, this.time);
  }

  join(name: string, hello: Partial<Hello> = {}): ScriptedWorker {
    const worker = new ScriptedWorker(this.hub, { name, workerId: name, slots: 4, ...hello });
    this.workers.push(worker);
    return worker;
  }

  joinHung(name: string, hello: Partial<Hello> = {}): ScriptedWorker {
    const worker = this.join(name, hello);
    this.hung.add(worker);
    return worker;
  }

  submit(tag: number, changes: { units?: number; kind?: number; timeoutSeconds?: number } = {}): void {
    const { units = 1, kind = 1, timeoutSeconds = 0 } = changes;
    this.hub.submit(kind, units, null, timeoutSeconds, noWorker, this.sink, tag);
  }

  /** Every working worker answers one job per slot each millisecond. */
  pass(seconds: number): void {
    for (const until = this.steps + Math.round(seconds / jobSeconds); this.steps < until; this.steps++) {
      this.time.advance(jobSeconds);
      for (const worker of this.workers) {
        if (worker.closedBecause !== null) continue;
        if (!this.hung.has(worker) && worker.jobs.length > 0) worker.answer(worker.jobs.slice(0, 4));
        if (this.steps % Math.round(heartbeatSeconds / jobSeconds) === 0) worker.heartbeat({ slots: 4 });
      }
      this.time.endTurn();
    }
  }

  /** Passes time until all these jobs have ended, and says how long that took. */
  secondsUntilDone(jobs: number, most: number): number {
    for (let seconds = 0; seconds < most; seconds += 0.01) {
      if (this.sink.order.length >= jobs) return seconds;
      this.pass(0.01);
    }
    return Infinity;
  }

  states(): string[] {
    return this.hub.snapshot().workers.map(({ state }) => state);
  }
}

describe('workers that beat and never answer', () => {
  test.each([
    ['with four slots, and all jobs at once', 4, 500, {}],
    ['with one slot each', 1, 50, {}],
    ['and nothing may be done twice', 4, 500, { hedgeShare: 0 }],
    ['and standing still is not looked for', 4, 500, { copyAfterMs: Infinity }],
  ])('hold up no job for two seconds: three of four %s', (_what, slots, jobs, options) => {
    const fleet = new Fleet(options);
    for (const name of ['a', 'b', 'c']) fleet.joinHung(name, { slots });
    fleet.join('honest', { slots });
    for (let tag = 0; tag < jobs; tag++) fleet.submit(tag);
    expect(fleet.secondsUntilDone(jobs, 10)).toBeLessThan(2);
    expect([fleet.sink.answers.size, fleet.sink.extra]).toEqual([jobs, []]);
  });

  test('hold up no single job, one after another, and get none once they are known', () => {
    const fleet = new Fleet();
    const hung = ['a', 'b', 'c'].map((name) => fleet.joinHung(name));
    fleet.join('honest');
    const took: number[] = [];
    for (let job = 0; job < 40; job++) {
      fleet.submit(job);
      took.push(fleet.secondsUntilDone(job + 1, 10));
    }
    expect(Math.max(...took)).toBeLessThan(2);
    expect(took.slice(-20).every((seconds) => seconds < 0.1)).toBe(true);
    expect(hung.every(({ closedBecause }) => closedBecause === null)).toBe(true);
  });

  test('may still answer the oldest 64 of their jobs; those behind are taken back', () => {
    const fleet = new Fleet({ hedgeShare: 0 });
    const hung = fleet.joinHung('hung', { slots: 128 });
    for (let tag = 0; tag < 128; tag++) fleet.submit(tag);
    fleet.time.endTurn();
    expect(hung.jobs.length).toBeGreaterThan(100);
    fleet.join('honest');
    while (!fleet.states().includes('SUSPENDED')) fleet.pass(jobSeconds);
    expect(fleet.hub.census().lent).toBe(64);
  });

  test('hold up no chunk', () => {
    const fleet = new Fleet();
    for (const name of ['a', 'b', 'c']) fleet.joinHung(name);
    fleet.join('honest');
    for (let tag = 0; tag < 16; tag++) fleet.submit(tag, { units: 2 });
    expect(fleet.secondsUntilDone(16, 10)).toBeLessThan(1);
  });

  test('are suspended, keep their streams, and lose no more jobs to deadlines once they are known', () => {
    const fleet = new Fleet({ hedgeShare: 0 });
    for (const name of ['a', 'b', 'c']) fleet.joinHung(name);
    fleet.join('honest');
    const lost: number[] = [];
    for (let burst = 0; burst < 10; burst++) {
      for (let tag = 0; tag < 20; tag++) fleet.submit(burst * 20 + tag, { timeoutSeconds: 0.2 });
      fleet.pass(0.4);
      // Jobs that were never given out were refused, because so many wait for the one worker that is left.
      lost.push(fleet.sink.givenTo.filter(([tag]) => fleet.sink.errors.has(tag)).length);
    }
    expect(fleet.states()).toEqual(['SUSPENDED', 'SUSPENDED', 'SUSPENDED', 'SERVING']);
    // Four were with each of them when nothing was known.
    expect(lost).toEqual(lost.map(() => 12));
    expect(fleet.hub.snapshot()).toMatchObject({ workersSuspended: 3, workersLost: 0, workersCut: 0 });
  });

  test('do not use up what may be done twice for the sake of others', () => {
    const fleet = new Fleet({ copyAfterMs: Infinity });
    for (const name of ['a', 'b', 'c']) {
      // Jobs that are said to cost half a second each: four copies are the whole burst.
      fleet.joinHung(name, { kinds: [{ kind: 1, name: 'GET_TIME', secondsPerUnit: 0.5 }] });
    }
    const honest = fleet.join('honest', { kinds: [{ kind: 1, name: 'GET_TIME', secondsPerUnit: 0.5 }] });
    for (let tag = 0; tag < 60; tag++) fleet.submit(tag);
    expect(fleet.secondsUntilDone(60, 20)).toBeLessThan(5);
    // The one that is left stands still now, and another one has come: its jobs are copied, so something may be.
    fleet.hung.add(honest);
    fleet.submit(60);
    fleet.pass(0.01);
    fleet.join('other', { kinds: [{ kind: 1, name: 'GET_TIME', secondsPerUnit: 0.5 }] });
    fleet.pass(4);
    expect(fleet.sink.answers.has(60)).toBe(true);
  });
});

describe('a suspended worker', () => {
  /** One hung worker that is suspended, beside an honest one. */
  function suspended(): Fleet & { readonly still: ScriptedWorker; readonly first: number[] } {
    const fleet = new Fleet();
    const still = fleet.joinHung('still');
    fleet.join('honest');
    for (let tag = -20; tag < 0; tag++) fleet.submit(tag);
    fleet.time.endTurn();
    const first = [...still.jobs];
    fleet.pass(0.6);
    expect(fleet.states()).toEqual(['SUSPENDED', 'SERVING']);
    expect(fleet.sink.answers.size).toBe(20);
    return Object.assign(fleet, { still, first });
  }

  test('is given one job at a time, which another one has too, and serves again once it answers it', () => {
    const fleet = suspended();
    const { still } = fleet;
    still.jobs = [];
    const given = still.kinds.length;
    for (let tag = 0; tag < 1000; tag++) {
      fleet.submit(tag);
      fleet.pass(0.002);
    }
    const probes = still.kinds.length - given;
    // At 0.25 s, 0.75 s and 1.75 s after the first one at the latest.
    expect(probes).toBeGreaterThan(0);
    expect(probes).toBeLessThan(5);
    expect(fleet.sink.answers.size).toBe(1020);
    fleet.hung.delete(still);
    for (let tag = 1000; fleet.states()[0] !== 'SERVING' && tag < 6000; tag++) {
      fleet.submit(tag);
      fleet.pass(0.002);
    }
    expect(fleet.states()).toEqual(['SERVING', 'SERVING']);
    expect(still.closedBecause).toBeNull();
    expect(fleet.sink.extra).toEqual([]);
  });

  test('serves again when it answers an old job, and each job is answered once', () => {
    const fleet = suspended();
    fleet.still.answer(fleet.first);
    expect(fleet.states()).toEqual(['SERVING', 'SERVING']);
    expect(fleet.sink.extra).toEqual([]);
    expect(fleet.still.closedBecause).toBeNull();
  });

  test('stays suspended while it only gives jobs back, which its main thread can do', () => {
    const fleet = suspended();
    fleet.still.giveBack();
    fleet.pass(0.3);
    expect(fleet.states()).toEqual(['SUSPENDED', 'SERVING']);
  });

  test('is given the jobs that wait when nobody else is left, one at a time', () => {
    const fleet = suspended();
    const [still, honest] = fleet.workers;
    still.jobs = [];
    honest.die();
    honest.closedBecause = 'gone';
    for (let tag = 0; tag < 10; tag++) fleet.submit(tag);
    fleet.pass(0.05);
    expect(still.jobs).toHaveLength(1);
    fleet.hung.delete(still);
    expect(fleet.secondsUntilDone(30, 2)).toBeLessThan(0.5);
    expect(fleet.states()).toEqual(['SERVING']);
  });

  test('is probed again at least so often, for ever', () => {
    const fleet = suspended();
    let before = fleet.still.kinds.length;
    for (let round = 0; round < 3; round++) {
      for (let step = 0; step < (probeSecondsMax + 1) / 0.01; step++) {
        fleet.submit(round * 10_000 + step);
        fleet.pass(0.01);
      }
      expect(fleet.still.kinds.length).toBeGreaterThan(before);
      before = fleet.still.kinds.length;
    }
    const { outstanding } = fleet.hub.snapshot().workers[0];
    expect(outstanding).toBe(0);
  });
});

describe('a worker is not suspended', () => {
  test('for long when it has but one job that takes long: it answers the first probe', () => {
    const fleet = new Fleet({ hedgeShare: 0 });
    const worker = fleet.joinHung('one');
    fleet.join('two');
    let never: number | undefined;
    for (let tag = 0; tag < 600; tag++) {
      fleet.submit(tag);
      fleet.pass(0.005);
      never ??= worker.jobs[0];
      const answered = worker.jobs.filter((job) => job !== never);
      if (answered.length > 0) worker.answer(answered);
    }
    expect(fleet.hub.snapshot().workersSuspended).toBe(1);
    expect(fleet.states()).toEqual(['SERVING', 'SERVING']);
  });

  test('when it is the last one', () => {
    const fleet = new Fleet();
    fleet.joinHung('only');
    for (let tag = 0; tag < 8; tag++) fleet.submit(tag);
    fleet.pass(5);
    expect(fleet.states()).toEqual(['SERVING']);
  });

  test('when all workers are as slow as each other, until one has shown that it need not be', () => {
    const fleet = new Fleet();
    const slow = ['a', 'b', 'c'].map((name) => fleet.joinHung(name));
    for (let tag = 0; tag < 6; tag++) fleet.submit(tag, { units: 2 });
    fleet.pass(stallSecondsAlone + 0.5);
    expect(fleet.states()).toEqual(['SERVING', 'SERVING', 'SERVING']);
    for (const worker of slow) worker.answer();
    fleet.pass(0.1);
    expect(fleet.sink.answers.size).toBe(6);
  });

  test('when it was the hub that stood still', () => {
    const fleet = new Fleet();
    const workers = ['a', 'b'].map((name) => fleet.join(name));
    for (let tag = 0; tag < 40; tag++) fleet.submit(tag);
    fleet.time.endTurn();
    fleet.time.standStill(1.2);
    fleet.time.advance(0);
    expect(fleet.states()).toEqual(['SERVING', 'SERVING']);
    fleet.pass(0.1);
    expect(fleet.sink.answers.size).toBe(40);
    expect(workers.every(({ closedBecause }) => closedBecause === null)).toBe(true);
  });
});
