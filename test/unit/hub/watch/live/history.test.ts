import { History, historySeconds } from '../../../../../src/hub/watch/live/history.js';
import { KindState } from '../../../../../src/hub/jobs/kind-state.js';

function answered(state: KindState, seconds: readonly number[]): void {
  for (const each of seconds) {
    state.counters.done++;
    state.latency.observe(each);
    state.pooled.observe(each / 2);
  }
}

describe('the history of the last 15 minutes', () => {
  test('a row tells what came in its own second, not before', () => {
    const state = new KindState(1, 'GET_TIME');
    const history = new History([state]);
    answered(state, Array<number>(100).fill(0.5));
    history.write(10, 1_000, 0, 1);
    answered(state, [...Array<number>(98).fill(0.001), 0.1, 0.1]);
    history.write(12, 1_002, 3, 4);
    const row = history.latest();
    expect(row).toMatchObject({ time: 1_002, jobsWaiting: 3, jobsLive: 4 });
    expect(row?.kinds[0].jobsPerSecond).toBe(50);
    expect((row?.kinds[0].p50Seconds ?? 0) / 0.001).toBeCloseTo(1, 1);
    expect((row?.kinds[0].p99Seconds ?? 0) / 0.1).toBeCloseTo(1, 1);
    expect((row?.kinds[0].pooledP99Seconds ?? 0) / 0.05).toBeCloseTo(1, 1);
  });

  test('a second without jobs has a rate of 0 and no percentiles', () => {
    const history = new History([new KindState(1, 'GET_TIME')]);
    history.write(1, 1, 0, 0);
    expect(history.latest()?.kinds).toEqual([
      { jobsPerSecond: 0, p50Seconds: null, p99Seconds: null, pooledP99Seconds: null },
    ]);
  });

  test('the oldest second makes room for the newest, and columns are in the order of time', () => {
    const state = new KindState(1, 'GET_TIME');
    const history = new History([state, new KindState(2, 'MINE_BITCOIN')]);
    for (let second = 0; second < historySeconds + 7; second++) {
      answered(state, Array<number>(second % 5).fill(0.01));
      history.write(second, second, second, 0);
    }
    const { time, jobsWaiting, kinds, jobsPerSecond } = history.document();
    expect(kinds).toEqual(['GET_TIME', 'MINE_BITCOIN']);
    expect([time.length, time[0], time[historySeconds - 1]]).toEqual([historySeconds, 7, historySeconds + 6]);
    expect(jobsWaiting).toEqual(time);
    expect(jobsPerSecond[0]).toEqual(time.map((second) => second % 5));
  });
});
