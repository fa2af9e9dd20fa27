import { pino } from 'pino';
import { createHub, type AttachableHub } from '../../src/hub/hub.js';
import type { HubOptions } from '../../src/hub/port/options.js';
import { noWorker } from '../../src/hub/port/job-sink.js';
import { FakeScheduler } from './fake-scheduler.js';
import { RecordingSink } from './recording-sink.js';
import { ScriptedWorker } from './scripted-worker.js';

/** A hub in simulated time with scripted workers, for tests of jobs that are copied or asked back. */
export interface HedgeBench {
  readonly time: FakeScheduler;
  readonly hub: AttachableHub;
  readonly sink: RecordingSink;
  /** Workers in the order in which the first job went to them and its copies. */
  readonly holders: ScriptedWorker[];
  submit(tag: number, units?: number): number;
}

/** A hub with workers of one slot and one job, tag 1, which is on the first of the holders; the rest are idle. */
export function standingStill(workers: number, options: Partial<HubOptions> = {}): HedgeBench {
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

export const counters = (hub: AttachableHub) => hub.snapshot().kinds.find(({ kind }) => kind === 1);

/** Workers of one slot whose jobs of kind 1 take 1 ms, as each has shown with a result; job 1 is on the first. */
export function proved(workers: number, options: Partial<HubOptions> = {}): HedgeBench {
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
export function pass({ time, holders }: HedgeBench, seconds: number): void {
  for (let left = seconds; left > 0; left -= 0.5) {
    time.advance(Math.min(left, 0.5));
    for (const worker of holders) worker.heartbeat();
    time.endTurn();
  }
}
