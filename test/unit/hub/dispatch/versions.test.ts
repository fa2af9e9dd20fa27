import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { KindUnits, type KindTerms } from '../../../../src/gen/trireme/v1/worker.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

const resize = 300;
const terms: KindTerms = {
  version: '',
  payloadBytesMax: 100,
  resultBytesMax: 100,
  timeoutSeconds: 30,
  attempts: 3,
  mayCopy: true,
  text: true,
  units: KindUnits.JOBS,
};

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  worker(version: string): ScriptedWorker;
  ask(tag: number, version?: string): void;
}

function bench(): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), { hedgeShare: 0 }, time);
  const sink = new RecordingSink();
  return {
    time,
    hub,
    sink,
    worker: (version) => {
      const kinds = [{ kind: resize, name: 'RESIZE', secondsPerUnit: 0, terms: { ...terms, version } }];
      return new ScriptedWorker(hub, { name: `w${version}`, workerId: `w${version}`, kinds });
    },
    ask: (tag, version = '') => {
      const kind = hub.kindIndex('RESIZE', version) as number;
      hub.submit(kind, 1, null, 0, noWorker, sink, tag, version !== '');
      time.endTurn();
    },
  };
}

test('jobs go to the newest version, or to the one that is asked for, and workers hear of one number', () => {
  const { hub, sink, worker, ask } = bench();
  const [one, two] = [worker('1'), worker('2')];
  ask(1);
  ask(2, '1');
  expect([one.jobs.length, two.jobs.length]).toEqual([1, 1]);
  expect([one.kinds, two.kinds]).toEqual([[resize], [resize]]);
  for (const each of [one, two]) each.answer(each.jobs, { kind: [resize] });
  expect([...sink.answers.keys()].sort()).toEqual([1, 2]);
  expect(hub.snapshot().workers.flatMap(({ kinds }) => kinds.map(({ kind, version }) => [kind, version]))).toEqual([
    [resize, '1'],
    [resize, '2'],
  ]);
  expect(
    hub
      .snapshot()
      .kinds.filter(({ done }) => done > 0)
      .map(({ name }) => name),
  ).toEqual(['RESIZE@1', 'RESIZE@2']);
});

test('when the last worker of a version leaves, what waits for it goes to another one, unless that version was asked for', () => {
  const { hub, time, sink, worker, ask } = bench();
  const [one, two] = [worker('1'), worker('2')];
  for (let tag = 1; tag <= 3; tag++) ask(tag);
  ask(4, '2');
  expect([one.jobs.length, hub.jobsWaiting > 0]).toEqual([0, true]);
  two.die();
  time.endTurn();
  for (let round = 0; round < 4; round++) {
    if (one.jobs.length > 0) one.answer(one.jobs, { kind: [resize] });
    time.endTurn();
  }
  expect([...sink.answers.keys()].sort()).toEqual([1, 2, 3]);
  expect(hub.jobsWaiting).toBe(1);
  const again = worker('2');
  time.endTurn();
  again.answer(again.jobs, { kind: [resize] });
  expect(sink.answers.has(4)).toBe(true);
});
