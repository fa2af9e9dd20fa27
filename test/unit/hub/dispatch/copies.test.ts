import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../../../src/hub/hub.js';
import { noWorker } from '../../../../src/hub/port/job-sink.js';
import { FakeScheduler } from '../../../support/fake-scheduler.js';
import { RecordingSink } from '../../../support/recording-sink.js';
import { ScriptedWorker } from '../../../support/scripted-worker.js';

interface Bench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  readonly workers: ScriptedWorker[];
}

/** A hub with workers of one slot, and one job. */
function oneJob(count: number): Bench {
  const time = new FakeScheduler();
  const hub = createHub(pino({ level: 'silent' }), { hedgeShare: 1 }, time);
  const sink = new RecordingSink();
  const workers = Array.from(
    { length: count },
    (_, at) => new ScriptedWorker(hub, { name: `w${at}`, workerId: `w${at}` }),
  );
  hub.submit(1, 1, null, 0, noWorker, sink, 1);
  time.endTurn();
  return { time, hub, sink, workers };
}

const copies = ({ hub }: Bench): number => hub.snapshot().kinds.find(({ kind }) => kind === 1)?.copies ?? 0;

/** Time passes, beats come, and a worker gives a job back once another one has it too. */
function pass({ time, workers }: Bench, seconds: number): void {
  for (let step = 0; step < seconds * 20; step++) {
    if (step % 10 === 0) for (const worker of workers) worker.heartbeat();
    time.advance(0.05);
    const [first, second] = workers.filter(({ jobs }) => jobs.length > 0);
    if (second !== undefined) (first.recalls.length > 0 ? first : second).giveBack();
    for (const worker of workers) worker.recalls.length = 0;
    time.endTurn();
  }
}

describe('a job that no worker begins', () => {
  test('is copied eight times, and then once more each time that its age has doubled', () => {
    const bench = oneJob(3);
    const at: number[] = [];
    for (let seconds = 0.05; seconds < 2; seconds += 0.05) {
      pass(bench, 0.05);
      while (at.length < copies(bench)) at.push(seconds);
    }
    expect(at.filter((seconds) => seconds < 0.5)).toHaveLength(8);
    const [eighth, ninth, tenth] = at.slice(7);
    expect(ninth / eighth).toBeGreaterThan(2);
    expect(tenth / ninth).toBeGreaterThan(1.9);
    expect(at).toHaveLength(10);
  });
});

describe('a copied job whose worker is lost', () => {
  test('is copied to another one, for it has two holders again', () => {
    const bench = oneJob(5);
    const holders = (): ScriptedWorker[] => bench.workers.filter(({ jobs }) => jobs.length > 0);
    for (let step = 0; step < 100; step++) bench.time.advance(0.001);
    expect([holders().length, copies(bench)]).toEqual([3, 2]);
    // Who was asked to give it back has it beside its present holder.
    holders()
      .find(({ recalls }) => recalls.length > 0)
      ?.die();
    for (let step = 0; step < 100; step++) bench.time.advance(0.001);
    expect([holders().length, copies(bench)]).toEqual([3, 3]);
  });

  test('counts that loss: it is given to one worker alone after the second one', () => {
    const bench = oneJob(5);
    for (let step = 0; step < 100; step++) bench.time.advance(0.001);
    const holders = bench.workers.filter(({ jobs }) => jobs.length > 0);
    // Its present holder has not been asked to give it back; the others go first.
    holders.sort((one, other) => other.recalls.length - one.recalls.length);
    for (const holder of holders) holder.die();
    bench.time.endTurn();
    for (let step = 0; step < 300; step++) bench.time.advance(0.001);
    expect([bench.workers.filter(({ jobs }) => jobs.length > 0).length, copies(bench)]).toEqual([1, 2]);
  });
});
