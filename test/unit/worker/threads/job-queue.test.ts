import fc from 'fast-check';
import { JobQueue, type JobExtra } from '../../../../src/worker/threads/job-queue.js';

interface Job {
  readonly job: number;
  readonly extra: JobExtra | undefined;
}

type Step =
  | { readonly do: 'push'; readonly count: number; readonly extras: boolean }
  | { readonly do: 'shift'; readonly count: number }
  | { readonly do: 'putBack'; readonly count: number; readonly alone: boolean }
  | { readonly do: 'remove'; readonly every: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), count: fc.nat(90), extras: fc.boolean() }),
  fc.record({ do: fc.constant('shift' as const), count: fc.nat(60) }),
  fc.record({ do: fc.constant('putBack' as const), count: fc.nat(30), alone: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), every: fc.integer({ min: 2, max: 5 }) }),
);

const aloneOf = ({ job, extra }: Job): Job => ({
  job,
  extra: { payload: extra?.payload ?? null, units: extra?.units ?? 1, alone: true },
});

describe('a queue of jobs', () => {
  test('behaves as a list does, through growth, turns of the ring, jobs put back and jobs taken out', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (steps) => {
        const queue = new JobQueue();
        let model: Job[] = [];
        let next = 0;
        const compare = (columns: ReturnType<JobQueue['shift']>, expected: readonly Job[]): void => {
          expect(columns.job).toEqual(expected.map(({ job }) => job));
          expect(columns.arrival).toEqual(expected.map(({ job }) => job / 2));
          expect(columns.deadline).toEqual(expected.map(({ job }) => job * 2));
          expect(expected.map((_, index) => columns.extra?.[index])).toEqual(expected.map(({ extra }) => extra));
        };
        for (const one of steps) {
          if (one.do === 'push') {
            for (let index = 0; index < one.count; index++) {
              const job = next++;
              const extra = one.extras && job % 3 === 0 ? { payload: null, units: job, alone: false } : undefined;
              queue.push(job, job / 2, job * 2, extra);
              model.push({ job, extra });
            }
          } else if (one.do === 'remove') {
            const taken = queue.remove((job) => job % one.every === 0);
            compare(
              taken,
              model.filter(({ job }) => job % one.every === 0),
            );
            model = model.filter(({ job }) => job % one.every !== 0);
          } else {
            const count = Math.min(one.count, model.length);
            const shifted = queue.shift(count);
            const expected = model.splice(0, count);
            compare(shifted, expected);
            if (one.do === 'putBack') {
              queue.unshift(shifted, one.alone);
              model.unshift(...(one.alone ? expected.map(aloneOf) : expected));
            }
          }
          expect(queue.length).toBe(model.length);
          expect(queue.oldest).toBe(model.length === 0 ? Infinity : model[0].job / 2);
          expect(queue.extra(0)).toEqual(model[0]?.extra);
        }
        compare(queue.shift(queue.length), model);
      }),
    );
  });
});
