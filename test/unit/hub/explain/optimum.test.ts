import { Optimum } from '../../../../src/hub/explain/optimum.js';
import { KindState } from '../../../../src/hub/jobs/kind-state.js';
import { quantileOf } from '../../../../src/hub/jobs/log-histogram.js';

/** Jobs without size. */
const none = { kind: 1, fixedSeconds: 0, fixedSecondsMin: 0 };

/** Ten jobs a second by all workers together, 50 ms on the fastest slot, 1 ms away. */
function prepared(): { optimum: Optimum; state: KindState } {
  const optimum = new Optimum();
  const state = new KindState(1, 'GET_TIME');
  state.counters.submitted = 1;
  const speed = { ...none, unitsPerSecond: 10, secondsPerUnitMin: 0.05, roundTripSecondsMin: 0.001 };
  optimum.setSpeeds([speed], new Map([[1, state]]), 0);
  return { optimum, state };
}

describe('the distance to the optimum', () => {
  test('a job that finds the imagined queue empty takes the round trip and the fastest slot', () => {
    const { optimum, state } = prepared();
    optimum.submitted(state, 1, 1, 100);
    expect(quantileOf(state.pooled.counts, 0.5)).toBeCloseTo(0.051, 2);
  });

  test('jobs that come at once wait for those before them, at the speed of all workers together', () => {
    const { optimum, state } = prepared();
    for (let live = 1; live <= 21; live++) optimum.submitted(state, 1, live, 100);
    // The last one finds twenty jobs of a tenth of a second.
    expect(quantileOf(state.pooled.counts, 1) / 2.051).toBeCloseTo(1, 1);
  });

  test('the imagined queue drains while time passes, and is empty where nothing is live', () => {
    const { optimum, state } = prepared();
    for (let live = 1; live <= 10; live++) optimum.submitted(state, 1, live, 100);
    const before = state.pooled.counts.slice();
    optimum.submitted(state, 1, 11, 100.9);
    const last = state.pooled.counts.map((count, bin) => count - before[bin]);
    expect(quantileOf(last, 0.5)).toBeCloseTo(0.151, 1);
    optimum.submitted(state, 1, 1, 100.9);
    const after = state.pooled.counts.map((count, bin) => count - before[bin] - last[bin]);
    expect(quantileOf(after, 0.5)).toBeCloseTo(0.051, 2);
  });

  test('the imagined queue holds no more than what is live, whatever was learned of the speed', () => {
    const { optimum, state } = prepared();
    for (let at = 0; at < 1_000; at++) optimum.submitted(state, 1, 2, 100);
    const speed = { ...none, unitsPerSecond: 10, secondsPerUnitMin: 0.05, roundTripSecondsMin: 0.001 };
    state.counters.submitted = 1_000;
    optimum.setSpeeds([speed], new Map([[1, state]]), 2);
    const before = state.pooled.counts.slice();
    optimum.submitted(state, 1, 3, 100);
    const last = state.pooled.counts.map((count, bin) => count - before[bin]);
    expect(quantileOf(last, 0.5)).toBeLessThan(0.3);
  });

  test('a busy time is set beside the work done in it over the speed of all workers', () => {
    const { optimum, state } = prepared();
    expect(optimum.busy(100)).toBeNull();
    optimum.submitted(state, 1, 1, 100);
    optimum.begins(100);
    for (let job = 0; job < 10; job++) optimum.answered(state, 1);
    const running = optimum.busy(102);
    expect(running).toMatchObject({ seconds: 2, running: true });
    expect(running?.boundSeconds).toBeCloseTo(1.001, 6);
    optimum.rests(104);
    optimum.idle();
    expect(optimum.busy(200)).toMatchObject({ seconds: 4, running: false });
  });

  test('a busy time too short to say anything leaves the last one in place', () => {
    const { optimum, state } = prepared();
    optimum.submitted(state, 1, 1, 100);
    optimum.begins(100);
    optimum.rests(110);
    optimum.idle();
    optimum.submitted(state, 1, 1, 120);
    optimum.begins(120);
    optimum.rests(120.01);
    optimum.idle();
    expect(optimum.busy(130)).toMatchObject({ seconds: 10 });
  });

  test('the time in which jobs wait and no worker has one is in no busy time', () => {
    const { optimum, state } = prepared();
    optimum.submitted(state, 1, 1, 100);
    expect(optimum.busy(3_700)).toBeNull();
    optimum.begins(3_700);
    optimum.rests(3_702);
    expect(optimum.busy(5_000)).toMatchObject({ seconds: 2, running: true });
    optimum.begins(5_000);
    expect(optimum.busy(5_001)).toMatchObject({ seconds: 3, running: true });
    optimum.rests(5_001);
    optimum.idle();
    expect(optimum.busy(6_000)).toMatchObject({ seconds: 3, running: false });
  });
});
