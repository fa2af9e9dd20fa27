import fc from 'fast-check';
import { JobQueue, type JobExtra } from '../../../../src/worker/threads/job-queue.js';

interface Job {
  readonly job: number;
  readonly units: number;
  /** Its payload as text. */
  readonly payload: string;
  readonly extra: JobExtra | undefined;
}

/** A message of a hub, with the payloads of several jobs. */
const message = Buffer.from('abcdefghij');

type Step =
  | { readonly do: 'push'; readonly count: number; readonly extras: boolean }
  | { readonly do: 'shift'; readonly count: number }
  | { readonly do: 'putBack'; readonly count: number; readonly begun: boolean }
  | { readonly do: 'remove'; readonly every: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('push' as const), count: fc.nat(90), extras: fc.boolean() }),
  fc.record({ do: fc.constant('shift' as const), count: fc.nat(60) }),
  fc.record({ do: fc.constant('putBack' as const), count: fc.nat(30), begun: fc.boolean() }),
  fc.record({ do: fc.constant('remove' as const), every: fc.integer({ min: 2, max: 5 }) }),
);

const begunOf = (job: Job): Job => ({ ...job, extra: { ...job.extra, alone: true, begun: true } });

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
          const { payloads } = columns;
          const told = expected.map((_, index) => [
            payloads?.units[index] ?? 1,
            String(payloads?.payload(index) ?? ''),
            payloads?.extra[index],
          ]);
          expect(told).toEqual(expected.map(({ units, payload, extra }) => [units, payload, extra]));
        };
        for (const one of steps) {
          if (one.do === 'push') {
            for (let index = 0; index < one.count; index++) {
              const job = next++;
              if (!one.extras || job % 3 > 0) {
                queue.push(job, job / 2, job * 2);
                model.push({ job, units: 1, payload: '', extra: undefined });
                continue;
              }
              const extra = job % 2 === 0 ? { alone: true, traceparent: `t${job}` } : undefined;
              const from = job % 7;
              queue.pushSized(job, job / 2, job * 2, job, message, from, 3, extra);
              model.push({ job, units: job, payload: String(message.subarray(from, from + 3)), extra });
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
              queue.unshift(shifted, one.begun);
              model.unshift(...(one.begun ? expected.map(begunOf) : expected));
            }
          }
          expect(queue.length).toBe(model.length);
          expect(queue.oldest).toBe(model.length === 0 ? Infinity : model[0].job / 2);
          expect(queue.extra(0)).toEqual(model[0]?.extra);
          if (model.length === 0) continue;
          expect([queue.units(0), queue.payloadBytes(0)]).toEqual([model[0].units, model[0].payload.length]);
        }
        compare(queue.shift(queue.length), model);
      }),
    );
  });
});
