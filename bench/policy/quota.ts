import type { Fault, Machine } from './machine.js';
import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import type { Run } from './simulation.js';

/** Seconds of one MINE_BITCOIN job on this project's kernel. */
const mineSeconds = 44e-6;

/** The default period of a cgroup CPU quota. */
export const quotaPeriodSeconds = 0.1;

export interface QuotaRun {
  readonly run: Run;
  /** Seconds that the jobs take when every worker does all it can from the first moment to the last. */
  readonly idealSeconds: number;
}

function runOf(machines: readonly Machine[], shares: readonly number[], jobs: number, seed: number): Run {
  return {
    machines,
    // A worker calibrates itself in a fraction of a period, so it does not see its quota; weights are the true ones.
    told: machines.map((_machine, index) => ({ cores: 1, weight: shares[index], calibration: [mineSeconds] })),
    jobs,
    rate: Infinity,
    draw: (random) => ({ kind: 0, work: mineSeconds * (0.9 + 0.2 * random()) }),
    oneWaySeconds: 100e-6,
    grainSeconds: 250e-6,
    hubs: 1,
    heartbeatSeconds: 1,
    copyAfterSeconds: Infinity,
    connectionJobsMax: Infinity,
    seed,
  };
}

function quota(share: number, atSeconds: number, phaseSeconds: number): readonly Fault[] {
  return share === 1 ? [] : [{ type: 'quota', atSeconds, share, periodSeconds: quotaPeriodSeconds, phaseSeconds }];
}

/** Four workers throttled to unequal speeds for the whole run. */
export function throttled(jobs: number, seed: number): QuotaRun {
  const shares = [1, 0.5, 0.25, 0.1];
  const random = seededRandom(seed);
  const machines = shares.map((share) => ({
    cores: 1,
    speed: 1,
    faults: quota(share, 0, -random() * quotaPeriodSeconds),
  }));
  const capacity = shares.reduce((sum, share) => sum + share, 0);
  return { run: runOf(machines, shares, jobs, seed), idealSeconds: (jobs * mineSeconds) / capacity };
}

/** Four equal workers; one is throttled to a tenth when a third of the jobs should be done. */
export function throttledMidway(jobs: number, seed: number): QuotaRun {
  const shares = [1, 1, 1, 1];
  const atSeconds = (jobs * mineSeconds) / 4 / 3;
  const random = seededRandom(seed);
  const machines = shares.map((_share, index) => ({
    cores: 1,
    speed: 1,
    faults: index === 1 ? quota(0.1, atSeconds, atSeconds - random() * quotaPeriodSeconds) : [],
  }));
  return { run: runOf(machines, shares, jobs, seed), idealSeconds: atSeconds + (jobs * mineSeconds * 2) / 3 / 3.1 };
}
