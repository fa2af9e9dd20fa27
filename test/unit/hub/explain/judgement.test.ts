import { explanation, pickTable } from '../../../../src/client/why-text.js';
import { Pick as PickMessage } from '../../../../src/gen/trireme/v1/worker.js';
import { judge, judgedSecondsMin } from '../../../../src/hub/explain/judgement.js';
import { filled } from '../../../support/filled.js';

describe('a prediction', () => {
  test.each([
    // predicted, error, execution
    [0.0004, 0.012, 1e-6, 'batch'],
    [0.0776, -0.05, 1e-6, 'batch'],
    [0.0004, 5, judgedSecondsMin * 0.99, 'batch'],
    [0.0004, 0.05, judgedSecondsMin, 'far'],
    [1, 0.9, 1.9, 'near'],
    [1, 1.1, 2.1, 'far'],
    [3, -2, 1, 'near'],
    [0.002, 0.009, 0.011, 'near'],
  ])('of %d s, off by %d s, of a job of %d s: %s', (predictedSeconds, errorSeconds, execSeconds, expected) => {
    expect(judge({ predictedSeconds, errorSeconds, execSeconds })).toBe(expected);
  });

  test('is not judged before its job has ended, nor without an answer', () => {
    expect(judge({ predictedSeconds: 1, errorSeconds: null, execSeconds: null })).toBeNull();
  });
});

describe('what trireme why prints', () => {
  const pick = (execSeconds: number): PickMessage =>
    filled(PickMessage, {
      ...{ jobId: 7, kind: 'GET_TIME', units: 1, time: '2026-11-30T10:00:00.000Z', worker: 'w', outcome: 'ANSWERED' },
      ...{ predictedSeconds: 0.0004, actualSeconds: 0.0124, errorSeconds: 0.012, execSeconds },
    });

  test('has the error of a job that came in a batch in brackets, and tells why', () => {
    const words = 'a job of under 10 ms travels in a batch, which the prediction is not judged by';
    expect(pickTable([pick(1e-6)])).toMatch(/ \(\+12 ms\) /);
    expect(
      pickTable([pick(1e-6)])
        .trimEnd()
        .split('\n'),
    ).toHaveLength(2);
    expect(explanation(pick(1e-6))).toContain(`\n  ${words}\n`);
  });

  test('has the error of a longer job as it is', () => {
    expect(pickTable([pick(0.012)])).toMatch(/ \+12 ms /);
    expect(pickTable([pick(0.012)]) + explanation(pick(0.012))).not.toMatch(/batch/);
  });
});
