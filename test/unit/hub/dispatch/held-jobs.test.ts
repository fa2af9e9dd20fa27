import { pino } from 'pino';
import { createHub } from '../../../../src/hub/hub.js';
import { KindUnits, type KindTerms } from '../../../../src/gen/trireme/v1/worker.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

const pack = 300;
const terms: KindTerms = {
  version: '',
  payloadBytesMax: 1e6,
  resultBytesMax: 100,
  timeoutSeconds: 30,
  attempts: 3,
  mayCopy: true,
  text: true,
  units: KindUnits.BYTES,
};

/** Seconds of a job of so many bytes at speed 1. */
const seconds = (units: number): number => 1e-3 + 1e-6 * units;

test('a large job waits for a fast worker that is busy, and a small one that comes behind it goes to the slow one', () => {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), { hedgeShare: 0, copyAfterMs: Infinity }, time);
  const sink = new RecordingSink();
  const kinds = [{ kind: pack, name: 'PACK', secondsPerUnit: 0, terms }];
  const slow = new ScriptedWorker(hub, { name: 'slow', workerId: 'slow', kinds });
  const fast = new ScriptedWorker(hub, { name: 'fast', workerId: 'fast', kinds });
  let tag = 0;
  const ask = (units: number, avoid = noWorker): number => hub.submit(pack, units, null, 0, avoid, sink, ++tag);
  const numbers = hub.snapshot().workers.map(({ number }) => number);
  // Both show what jobs of two sizes take.
  for (let round = 0; round < 40; round++) {
    const units = round % 4 < 2 ? 1e3 : 1e5;
    const [worker, speed] = round % 2 === 0 ? [slow, 1] : [fast, 10];
    ask(units, numbers[(round + 1) % 2]);
    time.endTurn();
    time.advance(seconds(units) / speed);
    worker.answer(worker.jobs, { kind: [pack], execSeconds: [seconds(units) / speed] });
    for (const each of [slow, fast]) each.heartbeat();
  }
  // 20 ms for the fast worker, in which it may be given nothing more.
  ask(2e5);
  time.endTurn();
  const before = [slow.jobs.length, fast.jobs.length];
  ask(3e5);
  time.endTurn();
  expect([slow.jobs.length, fast.jobs.length]).toEqual(before);
  expect(hub.jobsWaiting).toBe(1);
  ask(10);
  time.endTurn();
  expect([slow.jobs.length, fast.jobs.length]).toEqual([before[0] + 1, before[1]]);
  expect(hub.jobsWaiting).toBe(1);
});
