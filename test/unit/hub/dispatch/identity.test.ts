import { pino } from 'pino';
import { idColumns } from '../../../../src/common/job-ids.js';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { resultsOf, ScriptedWorker } from '../../../support/scripted-worker.js';

const log = pino({ level: 'silent' });
const [getTime, mineBitcoin] = [1, 2];

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  submit(tag: number, kind?: number): number;
}

function bench(): Bench {
  const time = new FakeScheduler();
  const hub = createHub(log, {}, time);
  const sink = new RecordingSink();
  return { time, hub, sink, submit: (tag, kind = getTime) => hub.submit(kind, 1, null, 0, noWorker, sink, tag) };
}

const worker = (hub: AttachableHub, name: string, protocol = 1): ScriptedWorker =>
  new ScriptedWorker(hub, { name, workerId: name, protocol });

const text = (answer: string) => ({ payloadSize: [answer.length], payloads: Buffer.from(answer) });

describe.each([0, 1])('of a worker of protocol %i', (protocol) => {
  test.each([1, 4093, 4094, 4095, 4096, 8190])('the answer that comes %i jobs late is no other job’s', (later) => {
    const { time, hub, sink, submit } = bench();
    const still = worker(hub, 'still', protocol);
    submit(0, mineBitcoin);
    time.endTurn();
    const [held] = still.jobs;
    const other = worker(hub, 'other', protocol);
    const step = (): void => {
      time.advance(0.0005);
      other.heartbeat();
      other.answer(other.jobs, other.jobs.length === 1 ? text('time') : {});
    };
    // Copied to the other one, which answers; then so many jobs more go through the row that is free.
    for (let steps = 0; !sink.answers.has(0) && steps < 1000; steps++) step();
    expect(sink.order).toEqual([0]);
    for (let tag = 1; tag < later; tag++) {
      submit(tag);
      step();
    }
    // The last is under way, with whichever worker, when the answer comes that is so late.
    const last = submit(later);
    time.endTurn();
    expect(sink.order).not.toContain(later);
    still.kindOf.set(held, mineBitcoin);
    still.answer([held], text('mined'));
    expect(sink.order).not.toContain(later);
    expect(hub.cancel(last)).toBe(true);
    expect(sink.extra).toEqual([]);
    expect(new Set([...sink.answers].filter(([tag]) => tag > 0).map(([, answer]) => answer))).not.toContain('mined');
  });

  test('an answer to an earlier hub is no answer to the one that took its place', () => {
    const before = bench();
    const old = worker(before.hub, 'still', protocol);
    before.submit(1, mineBitcoin);
    before.time.endTurn();
    const [held] = old.jobs;
    const after = bench();
    const again = worker(after.hub, 'still', protocol);
    after.submit(1, mineBitcoin);
    after.time.endTurn();
    expect(again.jobs).toHaveLength(1);
    const value = resultsOf([held], {
      ...idColumns([held]),
      kind: protocol === 0 ? [] : [mineBitcoin],
      incarnation: protocol === 0 ? 0 : (old.welcome?.incarnation ?? 0),
      ...text('of another time'),
    });
    again.say({ $case: 'results', value });
    expect(after.sink.order).toEqual([]);
    // Who says for which hub it is has done nothing wrong.
    if (protocol === 1) again.answer(again.jobs, text('of now'));
    else expect(again.closedBecause).toContain(`result of job ${held}`);
    expect([...after.sink.answers]).toEqual(protocol === 1 ? [[1, 'of now']] : []);
  });
});

test('a worker that names another kind than the job’s is cut off and answers nothing', () => {
  const { time, hub, sink, submit } = bench();
  const one = worker(hub, 'one');
  const id = submit(1, mineBitcoin);
  time.endTurn();
  one.answer([id], { kind: [getTime] });
  expect(one.closedBecause).toBe(`result of job ${id} says kind 1, and its kind is 2`);
  expect(sink.order).toEqual([]);
});

test('so is one whose job another worker was given too', () => {
  const { time, hub, sink, submit } = bench();
  const still = worker(hub, 'still');
  const id = submit(1, mineBitcoin);
  time.endTurn();
  const other = worker(hub, 'other');
  for (let steps = 0; other.jobs.length === 0 && steps < 1000; steps++) time.advance(0.001);
  expect(other.jobs).toEqual([id]);
  still.answer([id], { kind: [getTime] });
  expect(still.closedBecause).toBe(`result of job ${id} says kind 1, and its kind is 2`);
  expect(sink.order).toEqual([]);
});

test('a worker of protocol 1 that names no kind is cut off; one that names no hub answers nothing', () => {
  const { time, hub, sink, submit } = bench();
  const [one, two] = [worker(hub, 'one'), worker(hub, 'two')];
  const ids = [submit(1), submit(2)];
  time.endTurn();
  one.answer(one.jobs, { kind: [] });
  two.answer(ids, { incarnation: 0 });
  expect([one.closedBecause, two.closedBecause]).toEqual(['its results name no kind', null]);
  expect(sink.order).toEqual([]);
});

test('a part of a result for an earlier hub is no part of one for this hub', () => {
  const { time, hub, sink, submit } = bench();
  const one = worker(hub, 'one');
  const id = submit(1);
  time.endTurn();
  one.say({ $case: 'part', value: { job: id, jobHigh: 0, data: Buffer.from('old'), incarnation: 1 } });
  one.part(id, Buffer.from('new '));
  one.answer([id], text('end'));
  expect(sink.answers.get(1)).toBe('new end');
});
