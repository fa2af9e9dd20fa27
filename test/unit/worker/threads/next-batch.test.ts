import { KindUnits } from '../../../../src/gen/trireme/v1/worker.js';
import { compileFields } from '../../../../src/kinds/folder-kind.js';
import type { Kind } from '../../../../src/kinds/kind.js';
import { Costs } from '../../../../src/worker/threads/costs.js';
import { JobQueue } from '../../../../src/worker/threads/job-queue.js';
import { nextBatchJobs, sharesOf, unitsOf } from '../../../../src/worker/threads/next-batch.js';

const kind: Kind = { ...compileFields({ mayCopy: true }, 'PACK', 'here'), run: () => undefined };
const { number } = kind;

/** Costs of 1 ms and 100 ns a byte, learned. */
function costs(): Costs {
  const known = new Costs();
  known.sized(number);
  for (let batch = 0; batch < 60; batch++) {
    const units = batch % 2 === 0 ? 1e3 : 1e6;
    known.learn(number, 1, units, 1e-3 + 1e-7 * units);
  }
  return known;
}

function queueOf(...units: readonly number[]): JobQueue {
  const queue = new JobQueue();
  units.forEach((each, job) => queue.pushSized(job, 0, Infinity, each, null, 0, 0));
  return queue;
}

describe('a batch of jobs that have a size', () => {
  test('holds as many as their sizes allow, and a large job after small ones is in another', () => {
    const queue = queueOf(...Array<number>(5).fill(1e3), 1e6, ...Array<number>(50).fill(1e3));
    expect(nextBatchJobs(kind, queue, costs(), 1, 0.035)).toBe(5);
    queue.shift(5);
    expect(nextBatchJobs(kind, queue, costs(), 1, 0.035)).toBe(1);
    queue.shift(1);
    const count = nextBatchJobs(kind, queue, costs(), 1, 0.035);
    expect(count).toBeGreaterThan(25);
    expect(count).toBeLessThan(35);
  });

  test('is one job until one has told what jobs cost', () => {
    const unknown = new Costs();
    unknown.sized(number);
    expect(nextBatchJobs(kind, queueOf(10, 10, 10), unknown, 1, 0.035)).toBe(1);
  });

  test('counts for each job what one of its size takes', () => {
    const jobs = queueOf(1e3, 1e6).shift(2);
    const shares = sharesOf(costs(), kind, jobs) as Float64Array;
    expect(shares[0] + shares[1]).toBeCloseTo(2, 9);
    expect(shares[1] / shares[0] / (101e-3 / 1.1e-3)).toBeCloseTo(1, 1);
    expect(unitsOf(jobs)).toBe(1_001_000);
  });

  test('is divided evenly where jobs have no size', () => {
    const alike = { ...kind, terms: { ...kind.terms, units: KindUnits.JOBS } } as Kind;
    expect(sharesOf(costs(), alike, queueOf(1e3, 1e6).shift(2))).toBeNull();
  });
});
