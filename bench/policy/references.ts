import { EventQueue } from './event-queue.js';
import type { Run } from './simulation.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';

function jobsOf(run: Run): { arrivedAt: number; work: number }[] {
  const random = seededRandom(run.seed * 7919 + 17);
  let arrivedAt = 0;
  return Array.from({ length: run.jobs }, () => {
    if (run.rate !== Infinity) arrivedAt += -Math.log(1 - random()) / run.rate;
    return { arrivedAt, work: run.draw(random).work };
  });
}

/** No waiting at all, every job on the fastest core: nothing can be below this. Seconds by job. */
export function floorLatency(run: Run): Float64Array {
  const fastest = run.machines.reduce((most, machine) => Math.max(most, machine.speed), 0);
  return Float64Array.from(jobsOf(run), ({ work }) => work / fastest + 2 * run.oneWaySeconds);
}

/**
 * One queue in front of all cores, each free core takes the next job, the fastest first, with no delay in
 * between and no faults: what a central queue without a network would do. Policies that know the kinds may
 * beat it.
 */
export function pooledLatency(run: Run): Float64Array {
  const speeds = run.machines.flatMap((machine) => Array.from({ length: machine.cores }, () => machine.speed));
  const bySpeed = [...new Set(speeds)].sort((a, b) => b - a);
  const idle = new Map(bySpeed.map((speed) => [speed, speeds.filter((other) => other === speed).length]));
  const busy = new EventQueue();
  return Float64Array.from(jobsOf(run), ({ arrivedAt, work }) => {
    let now = arrivedAt;
    const release = (): void => {
      const speed = bySpeed[busy.pop()];
      idle.set(speed, (idle.get(speed) ?? 0) + 1);
    };
    while (busy.size > 0 && busy.next <= now) release();
    let free = bySpeed.findIndex((speed) => (idle.get(speed) ?? 0) > 0);
    if (free < 0) {
      now = busy.next;
      release();
      free = bySpeed.findIndex((speed) => (idle.get(speed) ?? 0) > 0);
    }
    const speed = bySpeed[free];
    idle.set(speed, (idle.get(speed) ?? 0) - 1);
    const ends = now + work / speed;
    busy.push(ends, free);
    return ends - arrivedAt + 2 * run.oneWaySeconds;
  });
}
