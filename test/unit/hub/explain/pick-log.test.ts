import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { candidatesKept, picksKept } from '../../../../src/hub/explain/pick-log.js';
import { hubOptionsDefault } from '../../../../src/hub/port/options.js';
import type { PickView } from '../../../../src/hub/explain/types.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { helloOf, ScriptedWorker } from '../../../support/scripted-worker.js';

const hello = (name: string, slots: number, secondsPerUnit: number) =>
  helloOf({ name, workerId: name, slots, kinds: [{ kind: 1, name: 'GET_TIME', secondsPerUnit }] });

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  submit(explained?: boolean): number;
  ofJob(id: number): PickView[];
}

function bench(): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), {}, time);
  const sink = new RecordingSink();
  const explaining = Object.assign(new RecordingSink(), { explained: true });
  return {
    time,
    hub,
    submit: (explained = true) => hub.submit(1, 1, null, 0, noWorker, explained ? explaining : sink, 1),
    ofJob: (id) => hub.picks.ofJob(id, (kind) => `KIND_${kind}`),
  };
}

describe('why a worker was picked', () => {
  test('the pick tells what each worker would have needed, the best first, and which one got it', () => {
    const { time, hub, submit, ofJob } = bench();
    const slow = new ScriptedWorker(hub, hello('slow', 1, 0.02));
    const fast = new ScriptedWorker(hub, hello('fast', 2, 0.005));
    const id = submit();
    time.endTurn();
    expect([slow.jobs.length, fast.jobs.length]).toEqual([0, 1]);
    const [pick] = ofJob(id);
    expect(pick).toMatchObject({ jobId: id, kind: 'KIND_1', worker: 'fast', outcome: 'RUNNING', candidatesTotal: 2 });
    expect(pick.candidates.map(({ worker, chosen, room }) => [worker, chosen, room])).toEqual([
      ['fast', true, true],
      ['slow', false, true],
    ]);
    expect(pick.candidates[1].predictedSeconds).toBeGreaterThanOrEqual(0.02);
    expect(pick.predictedSeconds).toBe(pick.candidates[0].predictedSeconds);
    expect(pick.actualSeconds).toBeNull();
  });

  test('the error of the prediction is filled in when the answer comes', () => {
    const { time, hub, submit, ofJob } = bench();
    const one = new ScriptedWorker(hub, hello('one', 1, 0.005));
    const id = submit();
    time.endTurn();
    time.advance(0.25);
    one.answer();
    const [pick] = ofJob(id);
    expect(pick).toMatchObject({ outcome: 'ANSWERED', execSeconds: expect.closeTo(0.001, 6) as number });
    expect(pick.actualSeconds).toBeCloseTo(0.25, 6);
    expect(pick.errorSeconds).toBeCloseTo(0.25 - pick.predictedSeconds, 6);
  });

  test('a job whose worker is lost has a pick for each worker, and the wait is told', () => {
    const { time, hub, submit, ofJob } = bench();
    const one = new ScriptedWorker(hub, hello('one', 1, 0.005));
    const id = submit();
    time.endTurn();
    one.die();
    time.advance(0.1);
    new ScriptedWorker(hub, hello('two', 1, 0.005));
    expect(ofJob(id).map(({ worker, outcome, attempt }) => [worker, outcome, attempt])).toEqual([
      ['one', 'MOVED', 1],
      ['two', 'RUNNING', 2],
    ]);
    expect(ofJob(id)[1].waitedSeconds).toBeCloseTo(0.1, 6);
  });

  test('of many workers those that would finish first are kept, and the chosen one in any case', () => {
    const { time, hub, ofJob } = bench();
    for (let at = 0; at < 20; at++) new ScriptedWorker(hub, hello(`w${at}`, 1, 0.001 * (20 - at)));
    const avoided = hub.snapshot().workers.find(({ name }) => name === 'w19')?.number ?? 0;
    const explaining = Object.assign(new RecordingSink(), { explained: true });
    const best = hub.submit(1, 1, null, 0, noWorker, explaining, 1);
    const second = hub.submit(1, 1, null, 0, avoided, explaining, 1);
    time.endTurn();
    const [pick] = ofJob(best);
    expect(pick.candidatesTotal).toBe(20);
    expect(pick.candidates.map(({ worker }) => worker)).toEqual(
      Array.from({ length: candidatesKept }, (_each, at) => `w${19 - at}`),
    );
    expect(pick.candidates.filter(({ chosen }) => chosen)).toHaveLength(1);
    expect(
      ofJob(second)[0]
        .candidates.filter(({ chosen }) => chosen)
        .map(({ worker }) => worker),
    ).toEqual([ofJob(second)[0].worker]);
  });

  test('of jobs that nobody asks about a sample is kept', () => {
    const { time, hub, submit } = bench();
    const one = new ScriptedWorker(hub, hello('one', 100, 0.001));
    for (let job = 0; job < 50; job++) submit(false);
    expect(hub.picks.written).toBe(1);
    time.endTurn();
    one.answer();
    time.advance(hubOptionsDefault.pickSampleSeconds * 1.5);
    for (let job = 0; job < 50; job++) submit(false);
    expect(hub.picks.written).toBe(2);
  });

  test('the oldest picks make room, and nothing of them is left behind', () => {
    const { time, hub, submit, ofJob } = bench();
    const one = new ScriptedWorker(hub, hello('one', 4, 0.001));
    const first = submit();
    const ids = new Set<number>([first]);
    for (let job = 0; job < picksKept + 5; job++) {
      ids.add(submit());
      time.endTurn();
      if (job % 3 === 0) one.answer();
    }
    expect(hub.picks.latest(10_000, String)).toHaveLength(picksKept);
    expect(ofJob(first)).toEqual([]);
    one.answer();
    time.endTurn();
    while (one.jobs.length > 0) {
      one.answer();
      time.endTurn();
    }
    for (const id of ids) expect(hub.picks.marked(id)).toBe(false);
  });
});
