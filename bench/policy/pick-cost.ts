import { Picker, WAIT } from '../../src/hub/picking/picker.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';

/** Jobs outstanding on all workers together while the cost is measured: a fleet at work, not an empty one. */
const outstandingPerWorker = 2;

/** The least of so many measurements: whatever else runs on the machine only adds. */
const measurements = 3;

/** Nanoseconds of one pick, one dispatched and one ended, with so many workers; nine of ten jobs are of one kind. */
export function pickNanoseconds(workers: number, heaps: boolean, jobs: number): number {
  return Math.min(
    ...Array.from({ length: measurements }, () => measured(workers, heaps, Math.ceil(jobs / measurements))),
  );
}

function measured(workers: number, heaps: boolean, jobs: number): number {
  const random = seededRandom(5);
  const picker = new Picker({ heapWorkersMin: heaps ? 0 : Infinity, slowStartResults: 0, windowFloorSeconds: 10 });
  const speeds: number[] = [];
  for (let index = 0; index < workers; index++) {
    const speed = 2 ** Math.floor(random() * 4) * (0.8 + 0.4 * random());
    const kinds = [1, 2].map((kind) => ({ kind, secondsPerUnit: (kind === 1 ? 5e-6 : 200e-6) / speed }));
    picker.addWorker({ slots: 1 + Math.floor(random() * 16), kinds, roundTripSeconds: 1e-4 * random() }, 0);
    speeds.push(speed);
  }
  const depth = workers * outstandingPerWorker;
  const onWorker = new Int32Array(depth);
  const ofKind = new Uint8Array(depth);
  let now = 0;
  const give = (slot: number, job: number): void => {
    const kind = job % 10 === 9 ? 2 : 1;
    const worker = picker.pick(kind, 1, now);
    if (worker === WAIT) throw new Error('the fleet is full: the measurement is wrong');
    picker.dispatched(worker, kind, 1, now);
    onWorker[slot] = worker;
    ofKind[slot] = kind;
  };
  const end = (slot: number): void => {
    const worker = onWorker[slot];
    const exec = (ofKind[slot] === 1 ? 5e-6 : 200e-6) / speeds[worker];
    picker.ended(worker, ofKind[slot], 1, exec, exec, exec + 1e-4, now);
  };
  for (let slot = 0; slot < depth; slot++) give(slot, slot);
  let began = process.hrtime.bigint();
  const warmUp = Math.min(jobs, 20_000);
  for (let job = 0; job < warmUp + jobs; job++) {
    if (job === warmUp) began = process.hrtime.bigint();
    now += 1e-7;
    const slot = job % depth;
    end(slot);
    give(slot, job);
  }
  return Number(process.hrtime.bigint() - began) / jobs;
}
