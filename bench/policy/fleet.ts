import { seededRandom } from '../../src/hub/picking/seeded-random.js';
import type { Fault, Machine } from './machine.js';
import type { Told } from './policy.js';

/** Seconds of a job at speed 1: nine of ten are small. */
export const smallSeconds = 5e-6;
export const largeSeconds = 200e-6;
export const kindSeconds = [smallSeconds, largeSeconds] as const;
export const meanSeconds = 0.9 * smallSeconds + 0.1 * largeSeconds;

const speeds = [1, 1, 2, 4, 8];
const coreCounts = [1, 2, 4, 8, 16];

/** Groups of five workers; three quarters of a group's capacity are in one of them. */
export function heterogeneous(count: number, faultsOf: (index: number) => readonly Fault[] = () => []): Machine[] {
  return Array.from({ length: count }, (_, index) => ({
    cores: coreCounts[index % 5],
    speed: speeds[index % 5],
    faults: faultsOf(index),
  }));
}

export interface Telling {
  /** Cores that a worker claims for each that it has. */
  readonly claim?: (machine: Machine) => number;
  /** Whether the operator's weights know the speeds. */
  readonly speedsKnown?: boolean;
  readonly seed: number;
}

/** What the policies are told: true weights, true cores, and calibrations that are wrong by up to a quarter. */
export function telling(machines: readonly Machine[], { claim = () => 1, speedsKnown = true, seed }: Telling): Told[] {
  const random = seededRandom(seed * 31 + 5);
  return machines.map((machine) => {
    const cores = machine.cores * claim(machine);
    return {
      cores,
      weight: speedsKnown ? cores * machine.speed : cores,
      calibration: kindSeconds.map((seconds) => (seconds / machine.speed) * (0.75 + 0.5 * random())),
    };
  });
}

export function capacityOf(machines: readonly Machine[]): number {
  return machines.reduce((sum, machine) => sum + machine.cores * machine.speed, 0);
}

/** The mix of the policy's tables. */
export function mixed(random: () => number): { kind: number; work: number } {
  const kind = random() < 0.1 ? 1 : 0;
  return { kind, work: kindSeconds[kind] * (0.9 + 0.2 * random()) };
}

/** The same mean, but the times of a kind follow a Pareto law with exponent 1.5, cut at 1,000 times the least. */
export function heavyTailed(random: () => number): { kind: number; work: number } {
  const kind = random() < 0.1 ? 1 : 0;
  return { kind, work: (kindSeconds[kind] / 3) * Math.min(1000, (1 - random()) ** (-1 / 1.5)) };
}
