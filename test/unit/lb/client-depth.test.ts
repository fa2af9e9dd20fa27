import fc from 'fast-check';
import { ClientDepth, shallowJobsMax } from '../../../src/lb/client-depth.js';

/** A depth after each client has asked once, at time 0. */
function after(clients: readonly number[]): ClientDepth {
  const depth = new ClientDepth(0);
  for (const outstanding of clients) depth.asked(outstanding, 0, 0);
  return depth;
}

describe('client depth', () => {
  test.each([
    ['nobody asks', [], 0],
    ['one client', [1000], 1],
    ['the one who asks for least decides, for all of them', [500, 9000, 700], 1.5],
    ['a few jobs are no depth, however many clients have them', Array(10_000).fill(3), 0],
    ['the last count that is a few', [shallowJobsMax], 0],
    ['one more than a few', [shallowJobsMax + 1], 0.065],
  ] as [string, number[], number][])('%s', (_, clients, expected) => {
    expect(after(clients).seconds(1000, 1)).toBeCloseTo(expected, 9);
  });

  test('a client that asks often counts once', () => {
    const depth = new ClientDepth(0);
    let mark = 0;
    for (let i = 0; i < 50; i++) mark = depth.asked(1000, mark, i);
    expect(depth.seconds(1000, 50)).toBeCloseTo(1, 9);
  });

  test('a shallow client is remembered for one to two seconds after it asked', () => {
    const depth = new ClientDepth(0);
    let mark = 0;
    depth.asked(1, 0, 900);
    for (let nowMs = 900; nowMs < 4000; nowMs += 10) {
      mark = depth.asked(1000, mark, nowMs);
      const seconds = depth.seconds(1000, nowMs);
      if (nowMs < 1900) expect(seconds).toBe(0);
      if (nowMs > 2900) expect(seconds).toBeCloseTo(1, 9);
    }
  });

  test('after a pause nothing is left of what was before', () => {
    const depth = after([1]);
    depth.asked(1000, 0, 5000);
    expect(depth.seconds(1000, 5000)).toBeCloseTo(1, 9);
    expect(depth.seconds(1000, 9000)).toBe(0);
  });

  test('property: with one more client that asks for little there is no depth, whatever the others do', () => {
    const asks = fc.array(
      fc.record({ jobs: fc.integer({ min: 1, max: 1e6 }), afterMs: fc.integer({ min: 0, max: 90 }) }),
    );
    fc.assert(
      fc.property(asks, asks, fc.integer({ min: 1, max: shallowJobsMax }), (before, behind, few) => {
        const depth = new ClientDepth(0);
        let nowMs = 0;
        for (const { jobs, afterMs } of before) depth.asked(jobs, 0, (nowMs += afterMs));
        depth.asked(few, 0, nowMs);
        const askedMs = nowMs;
        for (const { jobs, afterMs } of behind) {
          depth.asked(jobs, 0, (nowMs += afterMs));
          if (nowMs - askedMs < 1000) expect(depth.seconds(1000, nowMs)).toBe(0);
        }
      }),
    );
  });
});
