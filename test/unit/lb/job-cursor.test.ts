import fc from 'fast-check';
import { RunJobsRequest, type TaggedJob } from '../../../src/gen/trireme/v1/job.js';
import { JobCursor } from '../../../src/lb/job-cursor.js';
import { holds } from '../../support/property.js';

function all(cursor: JobCursor): TaggedJob[] {
  const jobs: TaggedJob[] = [];
  while (cursor.left > 0) jobs.push(cursor.next());
  return jobs;
}

test('jobs are those of the generated decoder', () => {
  const job = fc.record({ tag: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), kind: fc.nat(5) });
  const check = (jobs: TaggedJob[]): void => {
    const bytes = RunJobsRequest.encode({ jobs }).finish();
    const cursor = new JobCursor(bytes);
    expect(cursor.left).toBe(jobs.length);
    expect(all(cursor)).toEqual(RunJobsRequest.decode(bytes).jobs);
  };
  holds(fc.array(job), check, 200);
});

test('fields that are not known are passed over', () => {
  const job = [0x0a, 2, 0x10, 1];
  const bytes = Uint8Array.from([0x10, 5, ...job, 0x1a, 1, 7, ...job, 0x25, 0, 0, 0, 0]);
  expect(all(new JobCursor(bytes))).toEqual([
    { tag: 0n, kind: 1 },
    { tag: 0n, kind: 1 },
  ]);
});

test('a message of 8 MiB makes no more objects than are taken', () => {
  const bytes = new Uint8Array(8 * 2 ** 20);
  for (let at = 0; at < bytes.length; at += 4) bytes.set([0x0a, 2, 0x10, 1], at);
  const before = process.memoryUsage().heapUsed;
  const cursor = new JobCursor(bytes);
  expect(cursor.left).toBe(2 ** 21);
  expect(cursor.next()).toEqual({ tag: 0n, kind: 1 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2 ** 20);
});

test.each([
  ['a job behind the end', [0x0a, 3, 0x10]],
  ['a job whose field ends behind it', [0x0a, 1, 0x10]],
])('%s is USAGE', (_what, bytes) => {
  expect(() => all(new JobCursor(Uint8Array.from(bytes)))).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('RunJobsRequest') }),
  );
});
