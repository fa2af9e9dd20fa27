import { Picker, WAIT } from '../../../../src/hub/picking/picker.js';
import type { PickingOptions } from '../../../../src/hub/picking/options.js';

const mine = 2;
const time = 1;

/** A picker whose window is the policy's own: no floor, no grace. */
function exactPicker(options: Partial<PickingOptions> = {}): Picker {
  return new Picker({
    windowFloorSeconds: 0,
    silenceGraceSeconds: 0,
    jobSecondsMin: 0,
    slowStartResults: 0,
    ...options,
  });
}

function joining(slots: number, mineSeconds: number, roundTripSeconds = 100e-6) {
  return { slots, kinds: [{ kind: mine, secondsPerUnit: mineSeconds }], roundTripSeconds };
}

/** Gives `jobs` jobs at one moment and returns how many each worker got; the rest wait. */
function shares(picker: Picker, jobs: number, now: number): number[] {
  const got: number[] = [];
  for (let job = 0; job < jobs; job++) {
    const worker = picker.pick(mine, 1, now);
    if (worker === WAIT) break;
    picker.dispatched(worker, mine, 1, now);
    got[worker] = (got[worker] ?? 0) + 1;
  }
  return Array.from(got, (count) => count ?? 0);
}

describe('picker', () => {
  test('a job waits while nobody offers its kind', () => {
    const picker = exactPicker();
    expect(picker.pick(mine, 1, 0)).toBe(WAIT);
    picker.addWorker({ slots: 4, kinds: [{ kind: time, secondsPerUnit: 1e-6 }] }, 0);
    expect(picker.pick(mine, 1, 0)).toBe(WAIT);
    expect(picker.workersOffering(mine)).toBe(0);
    expect(picker.pick(time, 1, 0)).toBe(0);
  });

  test('a batch is shared by what each worker can do within its window', () => {
    const picker = exactPicker();
    picker.addWorker(joining(1, 40e-6), 0);
    picker.addWorker(joining(4, 40e-6), 0);
    picker.addWorker(joining(1, 160e-6), 0);
    // slots * (100 us + max(100 us, cost)) / cost: 5, 20 and 1.6, of which the last begun counts whole.
    expect(shares(picker, 1000, 0)).toEqual([5, 20, 2]);
  });

  test('the first job goes where it is expected to be done first', () => {
    const picker = exactPicker();
    picker.addWorker(joining(16, 50e-6, 100e-6), 0);
    const near = picker.addWorker(joining(1, 50e-6, 10e-6), 0);
    expect(picker.pick(mine, 1, 0)).toBe(near);
  });

  test('nothing is left outstanding when every job ended', () => {
    const picker = exactPicker();
    const worker = picker.addWorker(joining(3, 70e-6), 0);
    const given = shares(picker, 50, 0)[worker];
    for (let job = 0; job < given; job++) picker.ended(worker, mine, 1, 33e-6, 40e-6, 200e-6, 1e-3 + job * 1e-5);
    expect(picker.picture(worker)).toMatchObject({ outstanding: 0, backlogSeconds: 0 });
  });
});
