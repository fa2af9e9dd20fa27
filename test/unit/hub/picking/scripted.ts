import { Picker, WAIT, type Joining } from '../../../../src/hub/picking/picker.js';
import type { PickingOptions } from '../../../../src/hub/picking/options.js';

export const getTime = 1;
export const mine = 2;

/** A picker whose windows are the policy's own: no floor, no grace, no slow start. */
export function policyPicker(options: Partial<PickingOptions> = {}): Picker {
  return new Picker({
    windowFloorSeconds: 0,
    silenceGraceSeconds: 0,
    answeredTogether: 0,
    jobSecondsMin: 0,
    slowStartResults: 0,
    ...options,
  });
}

/** A worker that offers `mine` alone. */
export function joining(slots: number, mineSeconds: number, roundTripSeconds = 100e-6): Joining {
  return { slots, kinds: [{ kind: mine, secondsPerUnit: mineSeconds }], roundTripSeconds };
}

/** Gives one job of `mine` away and returns the worker that got it, or WAIT. */
export function give(picker: Picker, now: number): number {
  const worker = picker.pick(mine, 1, now);
  if (worker !== WAIT) picker.dispatched(worker, mine, 1, now);
  return worker;
}

/** Gives up to `jobs` jobs at one moment and returns how many each worker got; the rest wait. */
export function shares(picker: Picker, jobs: number, now: number): number[] {
  const got: number[] = [];
  for (let job = 0; job < jobs; job++) {
    const worker = give(picker, now);
    if (worker === WAIT) break;
    got[worker] = (got[worker] ?? 0) + 1;
  }
  return Array.from(got, (count) => count ?? 0);
}

/** One result of `mine` that took `execSeconds` and came after a round trip of 100 us beside what it was held. */
export function resultOf(picker: Picker, worker: number, execSeconds: number, now: number): void {
  picker.ended(worker, mine, 1, execSeconds, execSeconds, execSeconds + 100e-6, now);
}
