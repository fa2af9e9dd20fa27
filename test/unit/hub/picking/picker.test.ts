import { NOBODY, Picker, WAIT } from '../../../../src/hub/picking/picker.js';
import { getTime, joining, mine, policyPicker, give, resultOf, shares } from './scripted.js';

describe('picker', () => {
  test('a job waits while nobody offers its kind', () => {
    const picker = policyPicker();
    expect(picker.pick(mine, 1, 0)).toBe(WAIT);
    picker.addWorker({ slots: 4, kinds: [{ kind: getTime, secondsPerUnit: 1e-6 }] }, 0);
    expect(picker.pick(mine, 1, 0)).toBe(WAIT);
    expect(picker.anyEligible(mine)).toBe(false);
    expect(picker.workersOffering(mine)).toBe(0);
    expect(picker.pick(getTime, 1, 0)).toBe(0);
  });

  test('a kind number out of bounds is refused', () => {
    const offer = { slots: 1, kinds: [{ kind: 2048, secondsPerUnit: 1 }] };
    expect(() => policyPicker().addWorker(offer, 0)).toThrow('kindIndexMax 2047');
  });

  // A window is slots * (round trip + slack); the slack is the round trip of 100 us or the cost, whichever is more.
  test.each([
    { title: 'equal workers', workers: [joining(1, 50e-6), joining(1, 50e-6)], expected: [4, 4] },
    { title: 'more slots', workers: [joining(1, 50e-6), joining(4, 50e-6)], expected: [4, 16] },
    { title: 'unequal speeds', workers: [joining(1, 40e-6), joining(1, 160e-6)], expected: [5, 2] },
    { title: 'a far worker', workers: [joining(1, 50e-6), joining(1, 50e-6, 400e-6)], expected: [4, 16] },
    { title: 'jobs longer than a window', workers: [joining(3, 2), joining(2, 2)], expected: [3, 2] },
  ])('a batch on $title: each holds what its window allows, the rest waits', ({ workers, expected }) => {
    const picker = policyPicker();
    for (const worker of workers) picker.addWorker(worker, 0);
    expect(shares(picker, 1000, 0)).toEqual(expected);
    expect(picker.anyEligible(mine)).toBe(false);
  });

  test.each([
    { title: 'the nearer', workers: [joining(16, 50e-6, 100e-6), joining(1, 50e-6, 10e-6)], order: [1, 1, 0] },
    { title: 'the faster', workers: [joining(1, 180e-6), joining(1, 50e-6)], order: [1, 1, 1, 0] },
    { title: 'the wider', workers: [joining(1, 60e-6), joining(8, 60e-6)], order: [0, 1, 1, 1] },
    { title: 'equal ones in turn', workers: [joining(1, 60e-6), joining(1, 60e-6)], order: [0, 1, 0, 1] },
  ])('jobs go to $title while it is expected to finish first', ({ workers, order }) => {
    const picker = policyPicker({ seed: 4 });
    for (const worker of workers) picker.addWorker(worker, 0);
    expect(order.map(() => give(picker, 0))).toEqual(order);
  });

  test('of two workers that would finish at the same moment, and cost the same, the emptier gets the job', () => {
    const offering = (slots: number, getTimeSeconds: number) => ({
      ...joining(slots, 50e-6),
      kinds: [
        { kind: mine, secondsPerUnit: 50e-6 },
        { kind: getTime, secondsPerUnit: getTimeSeconds },
      ],
    });
    const picker = policyPicker();
    const wide = picker.addWorker(offering(2, 20e-6), 0);
    const narrow = picker.addWorker(offering(1, 10e-6), 0);
    // Both have 10 us of work for each slot; the wide one was used last.
    picker.dispatched(narrow, getTime, 1, 0);
    picker.dispatched(wide, getTime, 1, 0);
    expect(picker.expectedSeconds(wide, mine, 1, 0)).toBe(picker.expectedSeconds(narrow, mine, 1, 0));
    expect(give(picker, 0)).toBe(wide);
  });

  test('the same seed gives the same order among equals, another seed another', () => {
    const order = (seed: number): string => {
      const picker = policyPicker({ seed });
      for (let worker = 0; worker < 8; worker++) picker.addWorker(joining(1, 50e-6), 0);
      return Array.from({ length: 8 }, () => give(picker, 0)).join();
    };
    expect(order(1)).toBe(order(1));
    expect(new Set([1, 2, 3, 4].map(order)).size).toBe(4);
  });

  test('nothing is left outstanding when every job ended', () => {
    const picker = policyPicker();
    const worker = picker.addWorker(joining(3, 70e-6), 0);
    const given = shares(picker, 50, 0)[worker];
    for (let job = 0; job < given; job++) resultOf(picker, worker, 33e-6 * (job + 1), 1e-3 + job * 1e-5);
    expect(picker.picture(worker)).toMatchObject({ outstanding: 0, backlogSeconds: 0 });
  });

  test('a worker to be avoided is not picked, even when it alone has room', () => {
    const picker = policyPicker();
    const failed = picker.addWorker(joining(1, 10e-6), 0);
    const other = picker.addWorker(joining(1, 1), 0);
    expect(picker.pick(mine, 1, 0, NOBODY)).toBe(failed);
    expect(picker.pick(mine, 1, 0, failed)).toBe(other);
    picker.dispatched(other, mine, 1, 0);
    expect(picker.pick(mine, 1, 0, failed)).toBe(WAIT);
  });

  test('a draining, suspended or reserved worker gets nothing until it is back', () => {
    const picker = policyPicker();
    const worker = picker.addWorker(joining(1, 10e-6), 0);
    const heartbeat = { slots: 1, queued: 0, draining: false, backlogElsewhereSeconds: 0 };
    picker.report(worker, { ...heartbeat, draining: true }, 1);
    expect(picker.pick(mine, 1, 1)).toBe(WAIT);
    picker.report(worker, heartbeat, 2);
    expect(picker.pick(mine, 1, 2)).toBe(worker);
    picker.suspend(worker);
    expect(picker.pick(mine, 1, 2)).toBe(WAIT);
    picker.resume(worker);
    expect(picker.reserve(mine, 2)).toBe(worker);
    expect(picker.pick(mine, 1, 2)).toBe(WAIT);
    expect(picker.reserve(mine, 2)).toBe(WAIT);
    picker.unreserve(worker);
    expect(picker.canTake(worker, mine)).toBe(true);
  });

  test('the worker that will be empty first is reserved', () => {
    const picker = policyPicker();
    picker.addWorker(joining(1, 50e-6), 0);
    const slow = picker.addWorker(joining(1, 120e-6), 0);
    shares(picker, 4, 0);
    expect([picker.outstanding(0), picker.outstanding(slow)]).toEqual([3, 1]);
    expect(picker.reserve(mine, 0)).toBe(slow);
    expect(picker.reserve(mine, 0, slow)).toBe(0);
  });

  test('an index that is used again starts anew', () => {
    const picker = policyPicker();
    const worker = picker.addWorker(joining(1, 50e-6), 0);
    shares(picker, 3, 0);
    resultOf(picker, worker, 9, 1);
    picker.removeWorker(worker);
    expect(picker.pick(mine, 1, 1)).toBe(WAIT);
    expect(picker.workersOffering(mine)).toBe(0);
    expect(picker.addWorker({ slots: 2, kinds: [{ kind: getTime, secondsPerUnit: 3e-6 }] }, 2)).toBe(worker);
    expect(picker.pick(mine, 1, 2)).toBe(WAIT);
    expect(picker.picture(worker)).toMatchObject({
      outstanding: 0,
      slots: 2,
      backlogSeconds: 0,
      kinds: [{ kind: getTime, secondsPerUnit: 3e-6, results: 0 }],
    });
  });

  test('a chunk costs its bytes', () => {
    const picker = new Picker();
    const scan = 100;
    const offer = (secondsPerUnit: number) => ({ slots: 1, kinds: [{ kind: scan, secondsPerUnit }] });
    const quick = picker.addWorker(offer(1e-9), 0);
    const slow = picker.addWorker(offer(4e-9), 0);
    const sizes = [512e6, 64e6, 64e6];
    const picked = sizes.map((bytes) => {
      const worker = picker.pick(scan, bytes, 0);
      if (worker !== WAIT) picker.dispatched(worker, scan, bytes, 0);
      return worker;
    });
    expect(picked).toEqual([quick, slow, WAIT]);
    expect(picker.picture(quick).backlogSeconds).toBeCloseTo(0.512);
  });
});

test('a worker that holds much may answer much of it at once and is not thought silent meanwhile', () => {
  const picker = new Picker({ silenceGraceSeconds: 0, slowStartResults: 0, answeredTogether: 0.5 });
  const worker = picker.addWorker(joining(2, 100e-6), 0);
  for (let job = 0; job < 100; job++) picker.dispatched(worker, mine, 1, 0);
  // Five milliseconds of work for each of its slots: half of that, its round trip and one job.
  expect(picker.silenceSeconds(worker, 1)).toBeCloseTo(1 - 0.0025 - 0.0002, 6);
});

describe('window', () => {
  test('a joining worker holds one job per slot and one more per result until it has shown what it can', () => {
    const picker = new Picker({ windowFloorSeconds: 0.05 });
    const worker = picker.addWorker(joining(2, 50e-6), 0);
    const held: number[] = [];
    for (let round = 0; round < 5; round++) {
      shares(picker, 1000, round);
      held.push(picker.outstanding(worker));
      for (let job = held[round]; job > 0; job--) resultOf(picker, worker, 50e-6, round + 0.5);
    }
    expect(held.slice(0, 4)).toEqual([2, 4, 8, 16]);
    expect(held[4]).toBeGreaterThan(1000 - 1);
  });

  /**
   * Works for a second: every 10 ms jobs worth `share` of that time are answered and as many as the window takes given.
   */
  function workFor1s(picker: Picker, worker: number, share: number): void {
    for (let step = 1; step <= 100; step++) {
      const now = step * 0.01;
      for (let job = 0; job < share * 100 && picker.outstanding(worker) > 0; job++)
        resultOf(picker, worker, 100e-6, now);
      shares(picker, 10_000, now);
    }
  }

  test.each([
    { title: 'a worker that is always at work', share: 1, wide: 0.04, held: 400 },
    { title: 'one that works half of the time', share: 0.5, wide: 0.04, held: 200 },
    { title: 'one that works a twentieth of the time keeps the usual window', share: 0.05, wide: 0.04, held: 60 },
    { title: 'nothing beyond the usual is asked for', share: 1, wide: 0, held: 60 },
  ])('windows of $wide s: $title holds about $held jobs', ({ share, wide, held }) => {
    const picker = policyPicker({ windowFloorSeconds: 0.006 });
    const worker = picker.addWorker(joining(1, 100e-6), 0);
    picker.widenWindows(wide);
    shares(picker, 10_000, 0);
    expect(picker.outstanding(worker)).toBeCloseTo(61, -1);
    workFor1s(picker, worker, share);
    expect(picker.outstanding(worker) / held).toBeGreaterThan(0.9);
    expect(picker.outstanding(worker) / held).toBeLessThan(1.1);
  });

  test('a wide window is forgotten while a worker rests, and narrowed from the next job on when it is taken back', () => {
    const picker = policyPicker({ windowFloorSeconds: 0.006 });
    const worker = picker.addWorker(joining(1, 100e-6), 0);
    picker.widenWindows(0.04);
    shares(picker, 10_000, 0);
    workFor1s(picker, worker, 1);
    while (picker.outstanding(worker) > 0) resultOf(picker, worker, 100e-6, 1);
    shares(picker, 10_000, 5);
    expect(picker.outstanding(worker)).toBeCloseTo(61, -1);
    workFor1s(picker, worker, 1);
    picker.widenWindows(0);
    resultOf(picker, worker, 100e-6, 7);
    expect(shares(picker, 10_000, 7)).toEqual([]);
  });

  test('the count of jobs is bounded whatever they cost', () => {
    const picker = policyPicker({ jobsOutstandingMax: 7 });
    picker.addWorker(joining(4, 1e-9), 0);
    expect(shares(picker, 100, 0)).toEqual([7]);
  });

  test('a job costs no less than the messages around it', () => {
    const picker = policyPicker({ jobSecondsMin: 10e-6 });
    picker.addWorker(joining(1, 1e-9), 0);
    expect(shares(picker, 100, 0)).toEqual([20]);
  });

  test('half of a window stays open whatever other hubs have there, and an idle worker goes first', () => {
    const picker = policyPicker();
    const shared = picker.addWorker(joining(1, 20e-6), 0);
    const own = picker.addWorker(joining(1, 20e-6), 0);
    const heartbeat = { slots: 1, queued: 9, draining: false, backlogElsewhereSeconds: 60 };
    picker.report(shared, heartbeat, 0);
    expect(picker.pick(mine, 1, 0)).toBe(own);
    expect(shares(picker, 100, 0)).toEqual([5, 10]);
  });
});
