import { HOLD, Picker, WAIT } from '../../../../src/hub/picking/picker.js';
import { policyPicker } from './scripted.js';

const pack = 300;
const fixed = 1e-3;
const perByte = 1e-7;

/** A worker whose slot takes so many times what a job costs at speed 1, and has shown it. */
function proved(picker: Picker, speed: number, slots = 1): number {
  const kinds = [{ kind: pack, secondsPerUnit: 0, sized: true }];
  const worker = picker.addWorker({ slots, kinds, roundTripSeconds: 100e-6 }, -40);
  for (let job = 0; job < 40; job++) {
    const units = job % 2 === 0 ? 1e3 : 1e6;
    const seconds = (fixed + perByte * units) / speed;
    const now = job - 40;
    picker.dispatched(worker, pack, units, now);
    picker.ended(worker, pack, units, seconds, seconds, seconds + 100e-6, now);
  }
  return worker;
}

const give = (picker: Picker, worker: number, units: number): void => picker.dispatched(worker, pack, units, 0);

describe('jobs that have a size', () => {
  test('are expected to take a fixed part and one that grows with their size, on each worker its own', () => {
    const picker = policyPicker();
    const [slow, fast] = [proved(picker, 1), proved(picker, 8)];
    for (const units of [0, 1e4, 1e6]) {
      const seconds = fixed + perByte * units;
      expect(picker.jobSeconds(slow, pack, units) / seconds).toBeCloseTo(1, 1);
      expect(picker.jobSeconds(fast, pack, units) / (seconds / 8)).toBeCloseTo(1, 1);
    }
    expect(picker.picture(slow).kinds[0].fixedSeconds / fixed).toBeCloseTo(1, 1);
    expect(picker.picture(slow).kinds[0].secondsPerUnit / perByte).toBeCloseTo(1, 1);
  });

  test('make a backlog of what they take together', () => {
    const picker = policyPicker();
    const worker = proved(picker, 1, 4);
    for (const units of [1e3, 1e6, 1e5]) give(picker, worker, units);
    expect(picker.picture(worker).backlogSeconds / (3 * fixed + perByte * 1_101_000)).toBeCloseTo(1, 1);
    picker.ended(worker, pack, 1e6, NaN, NaN, NaN, 0);
    expect(picker.picture(worker).backlogSeconds / (2 * fixed + perByte * 101_000)).toBeCloseTo(1, 1);
  });

  test('a worker is not silent before its largest job is due', () => {
    const picker = policyPicker();
    const worker = proved(picker, 1, 20);
    for (let job = 0; job < 9; job++) give(picker, worker, 0);
    give(picker, worker, 1e7);
    expect(picker.silenceSeconds(worker, 0.9)).toBeLessThan(0);
    expect(picker.silenceSeconds(worker, 2)).toBeGreaterThan(0);
  });

  test('a worker without results is expected to have the proportions of one that has, at the speed of its other kinds', () => {
    const picker = policyPicker();
    const other = 1;
    const add = (seconds: number): number =>
      picker.addWorker(
        {
          slots: 1,
          kinds: [
            { kind: other, secondsPerUnit: seconds },
            { kind: pack, secondsPerUnit: 0, sized: true },
          ],
        },
        0,
      );
    const known = add(1e-3);
    for (let job = 0; job < 40; job++) {
      const units = job % 2 === 0 ? 1e3 : 1e6;
      picker.dispatched(known, pack, units, job);
      picker.ended(known, pack, units, fixed + perByte * units, NaN, NaN, job);
    }
    const twice = add(0.5e-3);
    for (const units of [1e3, 1e6])
      expect(picker.jobSeconds(twice, pack, units) / ((fixed + perByte * units) / 2)).toBeCloseTo(1, 1);
  });
});

describe('a large job', () => {
  /** A slow worker with room, and one eight times as fast whose window is full for some 6 ms. */
  function busyFast(): { picker: Picker; slow: number; fast: number } {
    const picker = policyPicker({ windowFloorSeconds: 4e-3, windowSlackSecondsMax: 4e-3 });
    const [slow, fast] = [proved(picker, 1), proved(picker, 8)];
    while (picker.canTake(fast, pack)) give(picker, fast, 1e4);
    return { picker, slow, fast };
  }

  test('waits for a busy worker that will have it done sooner than one with room, and a small one does not', () => {
    const { picker, slow, fast } = busyFast();
    picker.holding.beginPass();
    expect(picker.pick(pack, 1e6, 0)).toBe(slow);
    expect(picker.pickOrHold(pack, 1e6, 0)).toBe(HOLD);
    expect(picker.pickOrHold(pack, 1e3, 0)).toBe(slow);
    picker.ended(fast, pack, 1e4, 1e-3, NaN, NaN, 0);
    picker.holding.beginPass();
    while (!picker.canTake(fast, pack)) picker.ended(fast, pack, 1e4, 0.25e-3, NaN, NaN, 0);
    expect(picker.pickOrHold(pack, 1e6, 0)).toBe(fast);
  });

  test('goes to the slow worker once so many are held for the fast one that it is no later there', () => {
    const { picker, slow } = busyFast();
    picker.holding.beginPass();
    const picks = Array.from({ length: 20 }, () => picker.pickOrHold(pack, 1e6, 0));
    const first = picks.indexOf(slow);
    expect(picks.slice(0, first).every((pick) => pick === HOLD)).toBe(true);
    // 101 ms there, 12.6 ms here for each.
    expect(first).toBeGreaterThan(5);
    expect(first).toBeLessThan(9);
  });

  test('waits where nobody has room', () => {
    const { picker, slow } = busyFast();
    while (picker.canTake(slow, pack)) give(picker, slow, 1e3);
    expect(picker.pickOrHold(pack, 1e6, 0)).toBe(WAIT);
  });

  test('jobs without size are not held', () => {
    const picker = policyPicker({ windowFloorSeconds: 4e-3, windowSlackSecondsMax: 4e-3 });
    const add = (seconds: number): number =>
      picker.addWorker({ slots: 1, kinds: [{ kind: 1, secondsPerUnit: seconds }] }, 0);
    const [slow, fast] = [add(0.1), add(0.01)];
    while (picker.canTake(fast, 1)) picker.dispatched(fast, 1, 1, 0);
    expect(picker.pickOrHold(1, 1, 0)).toBe(slow);
  });
});
