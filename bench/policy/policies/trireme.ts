import type { PickingOptions } from '../../../src/hub/picking/options.js';
import { Picker } from '../../../src/hub/picking/picker.js';
import type { Heard, Policy, PolicyMaker, Told } from '../policy.js';

/** The project's own picker. Kind numbers are the simulation's plus 1. */
class Trireme implements Policy {
  private readonly picker: Picker;

  constructor(fleet: readonly Told[], roundTripSeconds: number, options: Partial<PickingOptions>) {
    this.picker = new Picker(options);
    for (const told of fleet) {
      const { calibration, sized } = told;
      const kinds = calibration.map((secondsPerUnit, kind) => ({ kind: kind + 1, secondsPerUnit, sized }));
      this.picker.addWorker({ slots: told.cores, kinds, roundTripSeconds }, 0);
    }
  }

  beginPass(): void {
    this.picker.holding.beginPass();
  }

  pick(kind: number, now: number, avoid: number, units: number): number {
    return avoid < 0 ? this.picker.pickOrHold(kind + 1, units, now) : this.picker.pick(kind + 1, units, now, avoid);
  }

  dispatched(worker: number, kind: number, now: number, units: number): void {
    this.picker.dispatched(worker, kind + 1, units, now);
  }

  ended(worker: number, kind: number, exec: number, held: number, reply: number, now: number, units: number): void {
    this.picker.ended(worker, kind + 1, units, exec, held, reply, now);
  }

  report(worker: number, heard: Heard, now: number): void {
    this.picker.report(worker, heard, now);
  }

  backlog(worker: number): number {
    return this.picker.picture(worker).backlogSeconds;
  }

  silence(worker: number, now: number): number {
    return this.picker.silenceSeconds(worker, now);
  }
}

/**
 * What the policy was measured with: microseconds instead of milliseconds, for a network and workers without event
 * loops, and a fleet that has proved itself before the first job (no slow start).
 */
export const policyConstants: Partial<PickingOptions> = {
  windowFloorSeconds: 0,
  silenceGraceSeconds: 0,
  answeredTogether: 0,
  jobSecondsMin: 0,
  slowStartResults: 0,
};

export const triremeWith =
  (options: Partial<PickingOptions>): PolicyMaker =>
  (fleet, roundTripSeconds, seed) =>
    new Trireme(fleet, roundTripSeconds, { ...options, seed });
