import { pino } from 'pino';
import { checkSeconds } from '../../../../src/hub/audit/audits.js';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import type { HubOptions } from '../../../../src/hub/port/options.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { sameAnswer } from '../../../../src/kinds/audit.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  readonly workers: ScriptedWorker[];
  submit(tag: number, timeout?: number): number;
  /** Workers that have a job now. */
  busy(): ScriptedWorker[];
  counts(): unknown;
  state(worker: ScriptedWorker): string | undefined;
}

/** A hub that audits every answer of kind 1, and workers of one slot. */
function bench(workers: number, options: Partial<HubOptions> = {}): Bench {
  const time = new FakeScheduler();
  const auditOf: HubOptions['auditOf'] = (kind) => (kind === 1 ? sameAnswer(1) : undefined);
  const hub = createHub(pino({ level: 'silent' }), { auditShare: 1, auditOf, hedgeShare: 0, ...options }, time);
  const sink = new RecordingSink();
  const all = Array.from(
    { length: workers },
    (_, at) => new ScriptedWorker(hub, { name: `w${at}`, workerId: `w${at}` }),
  );
  return {
    time,
    hub,
    sink,
    workers: all,
    submit: (tag, timeout = 0) => {
      const id = hub.submit(1, 1, null, timeout, noWorker, sink, tag);
      time.endTurn();
      return id;
    },
    busy: () => all.filter((worker) => worker.jobs.length > 0),
    counts: () => hub.snapshot().audits.GET_TIME,
    state: (worker) => hub.snapshot().workers.find(({ address }) => address === worker.address)?.state,
  };
}

/** Answers all that this worker has with the same text. */
function say(bench: Bench, worker: ScriptedWorker, text: string): void {
  const { jobs } = worker;
  const payloads = Buffer.from(text.repeat(jobs.length));
  worker.answer(jobs, { payloads, payloadSize: jobs.map(() => text.length) });
  bench.time.endTurn();
}

/** Has job 1 answered by one worker and checked by as many as there are words. Returns the workers in that order. */
function play(b: Bench, words: readonly string[]): ScriptedWorker[] {
  b.submit(1);
  return words.map((word) => {
    const [worker] = b.busy();
    say(b, worker, word);
    return worker;
  });
}

test('a liar that attaches again is no second witness', () => {
  const b = bench(3, { jobsOutstandingMax: 1 });
  b.hub.submit(2, 1, null, 0, noWorker, b.sink, 2);
  b.time.endTurn();
  const [third] = b.busy();
  b.submit(1);
  const [honest] = b.busy().filter((worker) => worker !== third);
  say(b, honest, 'yes');
  const [liar] = b.busy().filter((worker) => worker !== third);
  say(b, liar, 'no');
  // The third has no room yet, and the liar comes back with some.
  const name = liar.address.slice('test:'.length);
  const again = new ScriptedWorker(b.hub, { name, workerId: name });
  b.time.endTurn();
  expect(again.jobs).toEqual([]);
  say(b, third, 'done');
  say(b, third, 'yes');
  expect(b.sink.answers.get(1)).toBe('yes');
  expect([b.state(honest), b.state(again)]).toEqual(['SERVING', 'QUARANTINED']);
});

test('nor is one that gave the answer which is audited', () => {
  const b = bench(2);
  const [first] = play(b, ['no']);
  const name = first.address.slice(5);
  const other = b.workers.find((worker) => worker !== first) as ScriptedWorker;
  other.die();
  const again = new ScriptedWorker(b.hub, { name, workerId: name });
  b.time.endTurn();
  expect(again.jobs).toEqual([]);
  expect(b.counts()).toEqual({ agreed: 0, refuted: 0, unresolved: 0, impossible: 1 });
});

test('an answer is held until another worker has borne it out', () => {
  const b = bench(2);
  const [first] = play(b, ['yes']);
  expect(b.sink.order).toEqual([]);
  const [second] = b.busy();
  expect(second).not.toBe(first);
  say(b, second, 'yes');
  expect(b.sink.answers.get(1)).toBe('yes');
  expect(b.counts()).toEqual({ agreed: 1, refuted: 0, unresolved: 0, impossible: 0 });
  expect(b.hub.snapshot()).toMatchObject({ jobsLive: 0, jobsWaiting: 0, workersQuarantined: 0 });
});

test('an answer that another worker may have to give otherwise says nothing of anybody', () => {
  const inconclusive = (answer: Uint8Array): boolean => Buffer.from(answer).toString() === 'gone';
  const auditOf: HubOptions['auditOf'] = (kind) => (kind === 1 ? { ...sameAnswer(1), inconclusive } : undefined);
  for (const [words, impossible] of [
    [['gone'], 1],
    [['yes', 'gone'], 1],
  ] as const) {
    const b = bench(3, { auditOf });
    play(b, words);
    expect(b.sink.answers.get(1)).toBe(words[0]);
    expect(b.workers.map(b.state)).toEqual(['SERVING', 'SERVING', 'SERVING']);
    expect(b.counts()).toMatchObject({ impossible, refuted: 0 });
  }
});

test('without audits the lie goes out', () => {
  const b = bench(3, { auditShare: 0 });
  play(b, ['lie']);
  expect(b.sink.answers.get(1)).toBe('lie');
});

test('a worker that lies is outvoted: its client hears the truth, and it is quarantined with the evidence', () => {
  const b = bench(3);
  const [liar, ...honest] = play(b, ['lie', 'yes', 'yes']);
  expect(new Set([liar, ...honest]).size).toBe(3);
  expect([b.sink.answers.get(1), b.sink.extra]).toEqual(['yes', []]);
  expect(b.state(liar)).toBe('QUARANTINED');
  expect(honest.map(b.state)).toEqual(['SERVING', 'SERVING']);
  const shown = b.hub.snapshot().workers.find(({ evidence }) => evidence !== null);
  expect(shown?.evidence).toMatchObject({ kind: 'GET_TIME', answer: 'lie', othersAnswer: 'yes' });
  expect(shown?.evidence?.others).toHaveLength(2);
  expect(b.counts()).toMatchObject({ refuted: 1 });
});

test('a worker that lies when it checks is the one that is quarantined', () => {
  const b = bench(3);
  const [first, liar, third] = play(b, ['yes', 'lie', 'yes']);
  expect(b.sink.answers.get(1)).toBe('yes');
  expect([first, liar, third].map(b.state)).toEqual(['SERVING', 'QUARANTINED', 'SERVING']);
});

test('a quarantined worker gets nothing more, loses what it has, and its answers do not count', () => {
  const b = bench(3);
  b.submit(1);
  const [liar] = b.busy();
  say(b, liar, 'lie');
  for (let tag = 2; tag < 6; tag++) b.submit(tag);
  const had = [...liar.jobs];
  expect(had.length).toBeGreaterThan(0);
  for (let round = 0; round < 40; round++) for (const worker of b.busy()) if (worker !== liar) say(b, worker, 'yes');
  expect(b.state(liar)).toBe('QUARANTINED');
  liar.answer(had);
  liar.heartbeat();
  b.time.endTurn();
  for (let round = 0; round < 40; round++) for (const worker of b.busy()) say(b, worker, 'yes');
  expect([...b.sink.answers.values()]).toEqual(Array(5).fill('yes'));
  expect(b.sink.errors.size).toBe(0);
  expect(liar.jobs).toEqual([]);
  expect(b.state(liar)).toBe('QUARANTINED');
});

test('who dials again is still quarantined, who is started anew is not, and the time may be bounded', () => {
  const b = bench(3, { quarantineMs: 60_000 });
  const [liar] = play(b, ['lie', 'yes', 'yes']);
  const name = liar.address.slice('test:'.length);
  liar.die();
  const back = new ScriptedWorker(b.hub, { name: 'again', workerId: name });
  const young = new ScriptedWorker(b.hub, { name: 'young', workerId: 'another process' });
  expect([back, young].map(b.state)).toEqual(['QUARANTINED', 'SERVING']);
  for (let second = 0; second < 61; second++) {
    b.time.advance(1);
    back.heartbeat();
  }
  expect(b.state(back)).toBe('SERVING');
});

test('with one worker there is no audit: that is counted, and the answer goes out', () => {
  const b = bench(1);
  play(b, ['yes']);
  expect(b.sink.answers.get(1)).toBe('yes');
  expect(b.counts()).toEqual({ agreed: 0, refuted: 0, unresolved: 0, impossible: 1 });
});

test('two that contradict each other leave no answer, and none is quarantined', () => {
  const b = bench(2);
  play(b, ['yes', 'no']);
  expect(b.sink.errors.get(1)).toBe('JOB_FAILED');
  expect(b.workers.map(b.state)).toEqual(['SERVING', 'SERVING']);
  expect(b.counts()).toMatchObject({ unresolved: 1 });
});

test('a second worker that is lost before it answers ends the audit when no other is left', () => {
  const b = bench(2);
  play(b, ['yes']);
  b.busy()[0].die();
  b.time.endTurn();
  expect(b.sink.answers.get(1)).toBe('yes');
  expect(b.hub.snapshot().jobsLive).toBe(0);
});

test('a second worker that answers nothing holds an answer up for 15 s and 20 times what the job took at most', () => {
  const b = bench(2);
  b.submit(1);
  const [sound] = b.busy();
  say(b, sound, 'same');
  const seconds = checkSeconds(0.001);
  expect(seconds).toBeCloseTo(15.02);
  const pass = (until: number): void => {
    for (let at = 0; at < until; at += 0.5) {
      b.time.advance(0.5);
      for (const worker of b.workers) worker.heartbeat();
    }
  };
  pass(14);
  expect(b.sink.answers.has(1)).toBe(false);
  pass(2);
  expect(b.sink.answers.has(1)).toBe(true);
  expect(b.counts()).toMatchObject({ agreed: 0, impossible: 1 });
  expect([checkSeconds(1), checkSeconds(60), checkSeconds(NaN)]).toEqual([35, 300, 15]);
});

test('a client that goes, or whose time is up, is not answered later', () => {
  const b = bench(2);
  const id = b.submit(1);
  say(b, b.busy()[0], 'yes');
  expect(b.hub.cancel(id)).toBe(true);
  say(b, b.busy()[0], 'yes');
  expect(b.sink.errors.get(1)).toBe('CANCELLED');
  b.submit(2, 0.5);
  say(b, b.busy()[0], 'yes');
  b.time.advance(0.6);
  expect(b.sink.errors.get(2)).toBe('DEADLINE_PASSED');
  for (const worker of b.busy()) say(b, worker, 'yes');
  expect(b.sink.extra).toEqual([]);
  expect(b.hub.snapshot()).toMatchObject({ jobsLive: 0, jobsWaiting: 0 });
});

test('closing the hub ends audits too', async () => {
  const b = bench(2);
  play(b, ['yes']);
  const closed = b.hub.close(1000);
  b.time.advance(1.1);
  await closed;
  expect(b.sink.order).toEqual([1]);
});
