import { Picker } from '../../../../src/hub/picking/picker.js';
import { getTime, give, joining, mine, policyPicker, resultOf, shares } from './scripted.js';

const costOf = (picker: Picker, worker: number, kind: number): number =>
  picker.picture(worker).kinds.find((known) => known.kind === kind)?.secondsPerUnit ?? NaN;

/** Runs jobs one after the other on worker 0; `seconds` of each. */
function runs(picker: Picker, seconds: readonly number[], from = 0): number {
  let now = from;
  for (const exec of seconds) {
    picker.dispatched(0, mine, 1, now);
    now += exec + 100e-6;
    resultOf(picker, 0, exec, now);
  }
  return now;
}

describe('cost', () => {
  test('it starts from the calibration and follows the results', () => {
    const picker = policyPicker();
    picker.addWorker(joining(1, 300e-6), 0);
    expect(costOf(picker, 0, mine)).toBe(300e-6);
    runs(picker, Array<number>(60).fill(44e-6));
    expect(costOf(picker, 0, mine)).toBeGreaterThan(44e-6);
    expect(costOf(picker, 0, mine)).toBeLessThan(46e-6);
  });

  test('a worker that becomes eight times slower is known within fifteen jobs, and one that recovers within forty', () => {
    const picker = policyPicker();
    picker.addWorker(joining(1, 50e-6), 0);
    let now = runs(picker, Array<number>(1000).fill(50e-6));
    now = runs(picker, Array<number>(15).fill(400e-6), now);
    expect(costOf(picker, 0, mine)).toBeGreaterThan(300e-6);
    runs(picker, Array<number>(40).fill(50e-6), now);
    expect(costOf(picker, 0, mine)).toBeLessThan(70e-6);
  });

  test('under a quota of a tenth the expected cost is ten times the usual one, and the window still counts the usual one', () => {
    const picker = policyPicker({ windowFloorSeconds: 2e-3 });
    const worker = picker.addWorker(joining(1, 50e-6), 0);
    let now = 0;
    // 66 jobs in the 10 ms of a period that the worker runs; the last is caught by the 90 ms in which it does not.
    for (let period = 0; period < 20; period++) now = runs(picker, [...Array<number>(65).fill(50e-6), 90e-3], now);
    now = runs(picker, Array<number>(30).fill(50e-6), now);
    const truth = (65 * 50e-6 + 90e-3) / 66;
    expect(costOf(picker, 0, mine) / truth).toBeGreaterThan(0.7);
    expect(costOf(picker, 0, mine) / truth).toBeLessThan(1.4);
    expect(shares(picker, 1000, now)[worker]).toBeGreaterThan(20);
  });

  test('one result out of line does not close the window', () => {
    const picker = policyPicker();
    picker.addWorker(joining(1, 50e-6), 0);
    const now = runs(picker, [...Array<number>(100).fill(50e-6), 0.09]);
    expect(shares(picker, 1000, now)[0]).toBeGreaterThanOrEqual(3);
  });

  test('a job that did not run teaches nothing', () => {
    const picker = policyPicker();
    picker.addWorker(joining(1, 50e-6), 0);
    give(picker, 0);
    picker.ended(0, mine, 1, NaN, NaN, 5, 5);
    expect(picker.picture(0)).toMatchObject({ roundTripSeconds: 100e-6, outstanding: 0 });
    expect(costOf(picker, 0, mine)).toBe(50e-6);
  });

  test('a kind without result or calibration is assumed in proportion to another, as in the fleet', () => {
    const picker = policyPicker();
    const both = (time: number, mined: number) => ({
      slots: 1,
      kinds: [
        { kind: getTime, secondsPerUnit: time },
        { kind: mine, secondsPerUnit: mined },
      ],
    });
    picker.addWorker(both(2e-6, 50e-6), 0);
    expect(costOf(picker, picker.addWorker(both(4e-6, 0), 0), mine)).toBeCloseTo(100e-6, 12);
    expect(costOf(picker, picker.addWorker(both(0, 0), 0), getTime)).toBeCloseTo(3e-6, 12);
    const unknown = policyPicker({ jobSecondsUnknown: 7e-3 });
    expect(costOf(unknown, unknown.addWorker(both(0, 0), 0), mine)).toBe(7e-3);
  });

  test('a kind without result is corrected by what the others turned out to cost', () => {
    const picker = policyPicker();
    const kinds = [
      { kind: getTime, secondsPerUnit: 2e-6 },
      { kind: mine, secondsPerUnit: 50e-6 },
    ];
    picker.addWorker({ slots: 1, kinds }, 0);
    const now = runs(picker, Array<number>(200).fill(200e-6));
    picker.report(0, { slots: 1, queued: 0, draining: false, backlogElsewhereSeconds: 0 }, now);
    expect(costOf(picker, 0, getTime) / 8e-6).toBeCloseTo(1, 1);
  });
});

describe('round trip', () => {
  test('it is the least of the last one to two spans', () => {
    const picker = policyPicker({ roundTripMemorySeconds: 10 });
    const worker = picker.addWorker(joining(1, 50e-6, 5e-3), 0);
    const sample = (roundTrip: number, now: number): number => {
      picker.dispatched(worker, mine, 1, now);
      picker.ended(worker, mine, 1, 50e-6, 60e-6, 60e-6 + roundTrip, now);
      return picker.picture(worker).roundTripSeconds;
    };
    expect(sample(300e-6, 1)).toBeCloseTo(300e-6, 9);
    expect(sample(200e-6, 2)).toBeCloseTo(200e-6, 9);
    expect(sample(900e-6, 3)).toBeCloseTo(200e-6, 9);
    expect(sample(900e-6, 11)).toBeCloseTo(200e-6, 9);
    expect(sample(800e-6, 22)).toBeCloseTo(800e-6, 9);
    expect(sample(-1, 23)).toBe(0);
  });
});

describe('silence', () => {
  test('a worker that should have answered and did not is charged for it until it answers', () => {
    const picker = policyPicker();
    const silent = picker.addWorker(joining(1, 50e-6), 0);
    const other = picker.addWorker(joining(1, 120e-6), 0);
    expect(give(picker, 0)).toBe(silent);
    expect(picker.pick(mine, 1, 100e-6)).toBe(silent);
    expect(picker.silenceSeconds(silent, 100e-6)).toBeLessThanOrEqual(0);
    expect(picker.pick(mine, 1, 500e-6)).toBe(other);
    expect(picker.silenceSeconds(silent, 500e-6)).toBeCloseTo(350e-6, 9);
    expect(picker.silenceSeconds(other, 500e-6)).toBe(0);
    resultOf(picker, silent, 50e-6, 500e-6);
    expect(picker.pick(mine, 1, 500e-6)).toBe(silent);
  });
});

describe('slots', () => {
  const heartbeat = { slots: 8, queued: 5, draining: false, backlogElsewhereSeconds: 0 };

  /** A second in which so many seconds of execution come back. */
  function second(picker: Picker, busySlots: number, now: number, report = heartbeat): number {
    for (let job = 0; job < busySlots * 1000; job++) {
      picker.dispatched(0, mine, 1, now);
      resultOf(picker, 0, 1e-3, now + 0.5);
    }
    picker.report(0, report, now + 1);
    return picker.picture(0).slots;
  }

  test('a worker with a queue that keeps two slots busy is counted as two, whatever it declares', () => {
    const picker = policyPicker();
    picker.addWorker(joining(8, 1e-3), 0);
    expect(second(picker, 2, 0)).toBe(8);
    let slots = 8;
    for (let at = 1; at < 8; at++) slots = second(picker, 2, at);
    expect(slots).toBeCloseTo(2, 0);
    for (let at = 8; at < 60; at++) slots = second(picker, 2, at, { ...heartbeat, queued: 0 });
    expect(slots).toBeCloseTo(8, 0);
  });

  test('it is believed while it reports no queue, and while other hubs use it', () => {
    for (const report of [
      { ...heartbeat, queued: 0 },
      { ...heartbeat, backlogElsewhereSeconds: 1 },
    ]) {
      const picker = policyPicker();
      picker.addWorker(joining(8, 1e-3), 0);
      for (let at = 0; at < 5; at++) expect(second(picker, 2, at, report)).toBe(8);
    }
  });

  test('jobs so short that messages take longer say nothing of the slots', () => {
    const picker = policyPicker();
    picker.addWorker(joining(8, 1e-6), 0);
    for (let at = 0; at < 5; at++) {
      for (let job = 0; job < 1000; job++) {
        picker.dispatched(0, mine, 1, at);
        resultOf(picker, 0, 1e-6, at + 0.5);
      }
      picker.report(0, heartbeat, at + 1);
      expect(picker.picture(0).slots).toBe(8);
    }
  });

  test('a new declaration holds at once', () => {
    const picker = policyPicker();
    picker.addWorker(joining(8, 1e-3), 0);
    picker.report(0, { ...heartbeat, slots: 3 }, 1);
    expect(picker.picture(0).slots).toBe(3);
  });
});
