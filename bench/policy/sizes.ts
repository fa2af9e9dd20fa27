import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import type { Machine } from './machine.js';
import type { Told } from './policy.js';
import type { Run } from './simulation.js';

/** Seconds at speed 1: of each job beside its size, and of a unit; a job of the largest size takes 0.1 s. */
const fixedSeconds = 1e-3;
const secondsPerUnit = 1e-7;
const unitsMax = 1e6;

/** Four workers, the fastest eight times the slowest for one slot. */
const machines: readonly Machine[] = [1, 2, 4, 8].map((speed) => ({ cores: 2, speed, faults: [] }));

/** The counting policies are given the true weights; of the kind, which is a user's, nobody knows what it costs. */
function told(sized: boolean): Told[] {
  return machines.map(({ cores, speed }) => ({ cores, weight: cores * speed, calibration: [0], sized }));
}

type Size = (random: () => number) => number;

/** One in ten of the largest size, the others a thousandth of it. */
const twoSizes: Size = (random) => (random() < 0.1 ? unitsMax : unitsMax / 1000);

/** Log-normal: nine of ten between 2 kB and 500 kB. */
const logNormal: Size = (random) => {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(unitsMax * 10, Math.round(3e4 * Math.exp(1.7 * normal)));
};

export interface SizeScenario {
  readonly name: string;
  run(jobs: number, seed: number, sized: boolean): Run;
}

function scenario(name: string, size: Size, load: number): SizeScenario {
  return {
    name,
    run: (jobs, seed, sized) => ({
      machines,
      told: told(sized),
      jobs,
      rate: load === Infinity ? Infinity : (load * capacity) / meanSeconds(size),
      draw: (random) => {
        const units = size(random);
        // What a job of a size takes differs by a tenth each way.
        return { kind: 0, units, work: (fixedSeconds + secondsPerUnit * units) * (0.9 + 0.2 * random()) };
      },
      oneWaySeconds: 50e-6,
      grainSeconds: 0,
      hubs: 1,
      heartbeatSeconds: 1,
      copyAfterSeconds: Infinity,
      connectionJobsMax: Infinity,
      seed,
    }),
  };
}

const capacity = machines.reduce((sum, { cores, speed }) => sum + cores * speed, 0);

function meanSeconds(size: Size): number {
  const random = seededRandom(1);
  const drawn = 100_000;
  let units = 0;
  for (let job = 0; job < drawn; job++) units += size(random);
  return fixedSeconds + (secondsPerUnit * units) / drawn;
}

/** All jobs there at 0. */
export const sizeBatches: readonly SizeScenario[] = [
  scenario('two sizes 1:1,000', twoSizes, Infinity),
  scenario('log-normal sizes', logNormal, Infinity),
];

/** Jobs that come by themselves. */
export const sizeLoads: readonly SizeScenario[] = [
  scenario('two sizes, 70 %', twoSizes, 0.7),
  scenario('log-normal, 70 %', logNormal, 0.7),
];
