import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { KindUnits, type KindTerms } from '../../../../src/gen/trireme/v1/worker.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

const send = 300;
const terms: KindTerms = {
  version: '',
  payloadBytesMax: 100,
  resultBytesMax: 100,
  timeoutSeconds: 30,
  attempts: 1,
  mayCopy: false,
  text: true,
  units: KindUnits.BYTES,
};

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  /** The first has the job; its id. */
  readonly workers: readonly ScriptedWorker[];
  readonly id: number;
}

/** A hub with two workers that offer SEND, and one job of it, tag 1, on the first of them. */
function oneJob(mayCopy: boolean, timeoutSeconds = 0): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const sink = new RecordingSink();
  const kinds = [
    { kind: 1, name: 'GET_TIME', secondsPerUnit: 0.001 },
    { kind: send, name: 'SEND', secondsPerUnit: 0.001, terms: { ...terms, mayCopy, attempts: mayCopy ? 3 : 1 } },
  ];
  const all = ['a', 'b'].map((name) => new ScriptedWorker(hub, { name, workerId: name, kinds }));
  // Each has shown how long a job takes.
  for (let tag = -2; tag < 0; tag++) hub.submit(send, 1, null, 0, noWorker, sink, tag);
  time.endTurn();
  for (const worker of all) worker.answer();
  hub.submit(send, 1, Buffer.from('dear'), timeoutSeconds, noWorker, sink, 1);
  time.endTurn();
  const workers = [...all].sort((a, b) => b.jobs.length - a.jobs.length);
  expect(workers.map(({ jobs }) => jobs.length)).toEqual([1, 0]);
  return { time, hub, sink, workers, id: workers[0].jobs[0] };
}

function pass({ time, workers }: Bench, seconds: number): void {
  for (let left = seconds; left > 0; left -= 0.5) {
    time.advance(Math.min(left, 0.5));
    for (const worker of workers) if (worker.closedBecause === null) worker.heartbeat();
    time.endTurn();
  }
}

const given = ({ workers, id }: Bench): number => workers.filter(({ kindOf }) => kindOf.has(id)).length;

describe('a job that may not run twice', () => {
  test('is given to nobody else, however long its worker takes and though others answer: it is asked back', () => {
    const bench = oneJob(false);
    for (let step = 0; step < 40; step++) {
      pass(bench, 0.5);
      bench.hub.submit(1, 1, null, 0, noWorker, bench.sink, 100 + step);
      bench.time.endTurn();
      bench.workers[1].answer();
    }
    expect(bench.workers[0].recalls).toEqual([bench.id]);
    expect(given(bench)).toBe(1);
    bench.workers[0].answer([bench.id]);
    expect(bench.sink.answers.has(1)).toBe(true);
  });

  test('whose worker is lost has failed, and its client hears that it may have run', () => {
    const bench = oneJob(false);
    bench.workers[0].die();
    pass(bench, 1);
    expect(bench.sink.errors.get(1)).toBe('MAY_HAVE_RUN');
    expect(given(bench)).toBe(1);
    expect(bench.hub.census()).toMatchObject({ live: 0, held: 0, lent: 0 });
  });

  test('whose worker falls silent stays with it until that one is lost', () => {
    const bench = oneJob(false);
    for (let step = 0; step < 10; step++) {
      bench.time.advance(0.5);
      bench.workers[1].heartbeat();
    }
    expect(given(bench)).toBe(1);
    expect(bench.sink.errors.get(1)).toBe('MAY_HAVE_RUN');
  });

  test('goes to another worker when the first gives it back: it had not begun', () => {
    const bench = oneJob(false);
    bench.workers[0].giveBack();
    bench.time.endTurn();
    pass(bench, 0.1);
    expect(bench.workers.reduce((sum, { jobs }) => sum + jobs.length, 0)).toBe(1);
    for (const worker of bench.workers) worker.answer();
    expect(bench.sink.answers.has(1)).toBe(true);
  });

  test('is past its deadline with the words that it may have run', () => {
    const bench = oneJob(false, 1);
    const why = jest.spyOn(bench.sink, 'failed');
    pass(bench, 1.5);
    expect(why.mock.calls.map(([tag, error]) => [tag, error.code, error.message])).toEqual([
      [1, 'DEADLINE_PASSED', expect.stringMatching(/; it may have run$/)],
    ]);
  });
});

describe('the same job of a kind that may run twice', () => {
  test('is given to another worker when the first takes too long', () => {
    const bench = oneJob(true);
    pass(bench, 0.5);
    expect(given(bench)).toBe(2);
  });

  test('is given to another worker when the first is lost', () => {
    const bench = oneJob(true);
    bench.workers[0].die();
    pass(bench, 0.1);
    expect(given(bench)).toBe(2);
    bench.workers[1].answer();
    expect(bench.sink.answers.has(1)).toBe(true);
  });
});
