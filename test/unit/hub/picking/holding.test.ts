import { Holding } from '../../../../src/hub/picking/holding.js';
import type { Scores } from '../../../../src/hub/picking/scores.js';
import { WorkerColumns } from '../../../../src/hub/picking/worker-columns.js';

test.each([
  [1, 2048],
  [2, 1024],
  [3, 682],
  [2048, 1],
  [5000, 1],
])('one pass looks at 2,048 workers for held jobs: with %i workers at %i jobs of a line', (workers, jobs) => {
  const columns = new WorkerColumns();
  for (let i = 0; i < workers; i++) columns.take();
  expect(new Holding(columns, {} as Scores).most).toBe(jobs);
});
