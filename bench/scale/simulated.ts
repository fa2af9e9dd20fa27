import { createHub, type AttachableHub } from '../../src/hub/hub.js';
import { ClosedLoop } from './closed-loop.js';
import { quickKind, silent, slotsEach, slowKind } from './fleet.js';
import { heapBytes } from './memory.js';
import { Loss } from './loss.js';
import { SimClock } from './sim-clock.js';
import { SimWorker } from './sim-worker.js';

export interface SimulatedFigures {
  /** Of the process's time: the hub, and workers that cost little. */
  readonly jobsPerSecond: number;
  readonly picksPerSecond: number;
  readonly heapBytesPerWorker: number;
  /** Simulated seconds until the last job of a worker that fell out was given to another one. */
  readonly killedSeconds: number;
  readonly stoppedSeconds: number;
  readonly stoppedBusySeconds: number;
}

/** Jobs that wait with each worker or run there while the throughput is measured. */
const liveEach = 32;

/** A hub with so many workers in simulated time. */
export function simulate(workers: number, jobs: number): SimulatedFigures {
  const clock = new SimClock();
  const hub = createHub(silent, {}, clock);
  const live = workers * liveEach;
  // A worker that stays, and as many jobs as later: the tables are as large as they will be.
  const first = new SimWorker(hub, clock, 'first');
  run(hub, clock, live, jobs / 5);
  const before = heapBytes();
  const fleet = Array.from({ length: workers }, (_, number) => new SimWorker(hub, clock, `w${number}`));
  clock.runUntil(() => hub.workersReady() === workers + 1, 10);
  run(hub, clock, live, jobs / 5);
  const heapBytesPerWorker = (heapBytes() - before) / workers;
  first.die();

  const load = new ClosedLoop(hub, quickKind, false);
  load.start(live);
  clock.runUntil(() => load.answered >= jobs / 5, 1e6);
  const [answered, picked] = [load.answered, picksOf(hub)];
  const beganNs = process.hrtime.bigint();
  clock.runUntil(() => load.answered >= answered + jobs, 1e6);
  const seconds = Number(process.hrtime.bigint() - beganNs) / 1e9;
  const figures = { jobs: load.answered - answered, picks: picksOf(hub) - picked };
  void load.stop();
  clock.runUntil(() => load.live === 0, 1e6);
  return {
    jobsPerSecond: figures.jobs / seconds,
    picksPerSecond: figures.picks / seconds,
    heapBytesPerWorker,
    killedSeconds: fallOut(hub, clock, fleet, 1, (worker) => worker.die()),
    stoppedSeconds: fallOut(hub, clock, fleet, 1, (worker) => worker.standStill()),
    stoppedBusySeconds: fallOut(hub, clock, fleet, 20, (worker) => worker.standStill()),
  };
}

/** Runs so many quick jobs, of which so many are live at once. */
function run(hub: AttachableHub, clock: SimClock, live: number, jobs: number): void {
  const load = new ClosedLoop(hub, quickKind, false);
  load.start(live);
  clock.runUntil(() => load.answered >= jobs, 1e6);
  void load.stop();
  clock.runUntil(() => load.live === 0, 1e6);
}

/** @param load live jobs for each slot of the fleet: below 1 none waits at the hub */
function fallOut(
  hub: AttachableHub,
  clock: SimClock,
  fleet: SimWorker[],
  load: number,
  act: (worker: SimWorker) => void,
): number {
  const loop = new ClosedLoop(hub, slowKind, true);
  loop.start(Math.max(4, Math.ceil(fleet.length * slotsEach * load)));
  clock.runUntil(() => loop.answered > loop.live, 1e6);
  const victim = fleet.pop() as SimWorker;
  const number = hub.snapshot().workers.find(({ name }) => name === victim.name)?.number ?? -1;
  clock.runUntil(() => loop.heldBy(number) > 0, 100);
  const began = clock.now();
  const loss = new Loss(loop, number);
  act(victim);
  clock.runUntil(() => loss.over, 100);
  const seconds = clock.now() - began;
  void loop.stop();
  clock.runUntil(() => loop.live === 0, 1e6);
  return seconds;
}

function picksOf(hub: AttachableHub): number {
  return hub.snapshot().kinds.reduce((sum, { picks }) => sum + picks, 0);
}
