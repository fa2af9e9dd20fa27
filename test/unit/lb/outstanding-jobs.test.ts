import fc from 'fast-check';
import { OutstandingJobs } from '../../../src/lb/outstanding-jobs.js';
import type { AnsweredJob } from '../../../src/lb/answer-writer.js';
import { holds } from '../../support/property.js';

const tagOf = ({ low, high }: AnsweredJob): bigint => (BigInt(high) << 32n) | BigInt(low);

test('jobs come out with the tag that they went in with, whatever comes and goes in between', () => {
  // A number adds that many jobs; a negative one takes that many out, from a place of its own choice.
  const steps = fc.array(fc.tuple(fc.integer({ min: -40, max: 40 }), fc.nat()), { maxLength: 60 });
  const check = (taken: [number, number][]): void => {
    const jobs = new OutstandingJobs();
    const model = new Map<number, bigint>();
    let tag = 2n ** 63n;
    for (const [count, where] of taken) {
      for (let i = 0; i < count; i++) {
        tag++;
        const row = jobs.add(Number(tag & 0xffffffffn), Number(tag >> 32n));
        expect(model.has(row)).toBe(false);
        model.set(row, tag);
        jobs.named(row, Number(tag & 0xffffffn));
      }
      for (let i = 0; i > count && model.size > 0; i--) {
        const row = [...model.keys()][where % model.size];
        expect([jobs.has(row), tagOf(jobs.take(row)), jobs.has(row)]).toEqual([true, model.get(row), false]);
        model.delete(row);
      }
      expect(jobs.size).toBe(model.size);
    }
    const ids = [...model.values()].map((each) => Number(each & 0xffffffn));
    expect(jobs.clear().sort()).toEqual(ids.sort());
    expect([jobs.size, jobs.clear()]).toEqual([0, []]);
  };
  holds(steps, check, 200);
});

test('a job that ended while the hub took it is not named any more, and one that has no name yet is not told', () => {
  const jobs = new OutstandingJobs();
  const row = jobs.add(1, 0);
  jobs.take(row);
  jobs.named(row, 7);
  expect(jobs.add(2, 0)).toBe(row);
  expect(jobs.clear()).toEqual([]);
});

test('rows are used again, so that there are no more than jobs at once', () => {
  const jobs = new OutstandingJobs();
  const rows = new Set<number>();
  for (let i = 0; i < 1_000; i++) {
    const row = jobs.add(1, 0);
    rows.add(row);
    jobs.take(row);
  }
  expect(rows.size).toBe(1);
});
