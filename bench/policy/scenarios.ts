import { capacityOf, heavyTailed, heterogeneous, meanSeconds, mixed, telling, type Telling } from './fleet.js';
import type { Fault, Machine } from './machine.js';
import type { Run } from './simulation.js';

export interface Scenario {
  readonly name: string;
  readonly run: (jobs: number, seed: number) => Run;
}

interface Open {
  readonly workers: number;
  readonly load: number;
  readonly oneWaySeconds?: number;
  readonly draw?: Run['draw'];
  readonly tell?: Omit<Telling, 'seed'>;
  /** Faults by worker; `third` is when a third of the jobs has arrived. */
  readonly faults?: (index: number, third: number) => readonly Fault[];
  readonly hubs?: number;
  readonly copyAfterSeconds?: number;
  readonly grainSeconds?: number;
}

const calm = {
  grainSeconds: 0,
  hubs: 1,
  heartbeatSeconds: 1,
  copyAfterSeconds: Infinity,
  connectionJobsMax: Infinity,
  oneWaySeconds: 50e-6,
} as const;

function open(name: string, shape: Open): Scenario {
  return {
    name,
    run: (jobs, seed) => {
      const rate = (shape.load * capacityOf(heterogeneous(shape.workers))) / meanSeconds;
      const machines = heterogeneous(shape.workers, (index) => shape.faults?.(index, jobs / rate / 3) ?? []);
      return {
        ...calm,
        machines,
        told: telling(machines, { ...shape.tell, seed }),
        jobs,
        rate,
        draw: shape.draw ?? mixed,
        oneWaySeconds: shape.oneWaySeconds ?? calm.oneWaySeconds,
        hubs: shape.hubs ?? 1,
        heartbeatSeconds: shape.hubs === undefined ? 1 : 2e-3,
        copyAfterSeconds: shape.copyAfterSeconds ?? Infinity,
        grainSeconds: shape.grainSeconds ?? 0,
        seed,
      };
    },
  };
}

function batch(name: string, workers: number, slowed: boolean): Scenario {
  return {
    name,
    run: (jobs, seed) => {
      const third = (jobs * meanSeconds) / capacityOf(heterogeneous(workers)) / 3;
      const machines = heterogeneous(workers, (index) =>
        slowed && index === 4 ? [{ type: 'slower', atSeconds: third, factor: 0.25 }] : [],
      );
      return { ...calm, machines, told: telling(machines, { seed }), jobs, rate: Infinity, draw: mixed, seed };
    },
  };
}

const slowerAt =
  (worker: number) =>
  (index: number, third: number): readonly Fault[] =>
    index === worker ? [{ type: 'slower', atSeconds: third, factor: 0.25 }] : [];

const frozenAt =
  (worker: number) =>
  (index: number, third: number): readonly Fault[] =>
    index === worker ? [{ type: 'frozen', atSeconds: third, forSeconds: 2e-3 }] : [];

export const loads: readonly Scenario[] = [0.5, 0.8, 0.95].map((load) =>
  open(`${load * 100} %`, { workers: 10, load }),
);

export const openScenarios: readonly Scenario[] = [
  open('n=100, 80 %', { workers: 100, load: 0.8 }),
  open('n=100, 95 %', { workers: 100, load: 0.95 }),
  open('n=1000, 95 %, delay 1 us', { workers: 1000, load: 0.95, oneWaySeconds: 1e-6 }),
  open('heavy tail, n=10, 80 %', { workers: 10, load: 0.8, draw: heavyTailed }),
  open('heavy tail, n=100, 80 %', { workers: 100, load: 0.8, draw: heavyTailed }),
  open('a worker to 1/4, n=10, 80 %', { workers: 10, load: 0.8, faults: slowerAt(3) }),
  open('largest to 1/4, n=100, 80 %', { workers: 100, load: 0.8, faults: slowerAt(4) }),
  open('weights = cores only, n=10, 80 %', { workers: 10, load: 0.8, tell: { speedsKnown: false } }),
  open('biggest claim 2x their cores', {
    workers: 10,
    load: 0.8,
    tell: { claim: (machine: Machine) => (machine.cores === 16 ? 2 : 1) },
  }),
  open('a worker frozen 2 ms, n=10, 80 %', { workers: 10, load: 0.8, faults: frozenAt(3) }),
  open('the same, silent jobs copied', { workers: 10, load: 0.8, faults: frozenAt(3), copyAfterSeconds: 200e-6 }),
  open('two hubs, n=10, 80 %', { workers: 10, load: 0.8, hubs: 2 }),
  open('two hubs, n=10, 95 %', { workers: 10, load: 0.95, hubs: 2 }),
];

export const batchScenarios: readonly Scenario[] = [
  batch('n=10', 10, false),
  batch('n=100', 100, false),
  batch('n=10, largest to 1/4', 10, true),
  batch('n=100, largest to 1/4', 100, true),
];
