import type { WorkerInfo } from '../../../src/gen/trireme/v1/worker.js';
import { costLines } from '../../../src/top/costs.js';
import { Rates } from '../../../src/top/rates.js';
import { sampleKind } from '../../support/sample-kind.js';

test('each kind of each worker has a line with what it costs there', () => {
  const kinds = [
    { ...sampleKind, done: 10n, failed: 1n },
    {
      kind: 300,
      name: 'PACK',
      fixedSeconds: 1e-3,
      secondsPerUnit: 2e-9,
      unit: 'bytes',
      version: '2',
      done: 5n,
      failed: 0n,
    },
  ];
  const workers = [{ id: 'a', name: 'one', state: 'SERVING', kinds } as unknown as WorkerInfo];
  const { rows } = new Rates().take({ workers, jobsWaiting: 0, kinds: [] }, 0);
  expect(costLines(rows, Infinity).map(({ text }) => text)).toEqual([
    'WORKER  KIND      DONE  FAILED  COST',
    'one     GET_TIME    10       1  1.00 us',
    'one     PACK@2       5       0  1.00 ms + 2.00 ms/MB',
  ]);
  expect(costLines(rows, 12).every(({ text }) => text.length <= 12)).toBe(true);
});
