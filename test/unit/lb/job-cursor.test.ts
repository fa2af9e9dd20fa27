import { payloadBytesBound } from '../../../src/kinds/folder-kind.js';
import fc from 'fast-check';
import { JobKind, RunJobsRequest, type TaggedJob } from '../../../src/gen/trireme/v1/job.js';
import { fieldsPerTurnMax, jobBytesMax, JobCursor } from '../../../src/lb/job-cursor.js';
import { holds } from '../../support/property.js';

/** The job that is read next, without the fields that it does not have. */
function next(cursor: JobCursor): TaggedJob {
  cursor.next();
  const { low, high, kind, name, version, payload } = cursor;
  const job: TaggedJob = { tag: (BigInt(high) << 32n) | BigInt(low), kind };
  if (name !== '') job.kindName = name;
  if (version !== '') job.kindVersion = version;
  if (payload.length > 0) job.payload = Buffer.from(payload);
  return job;
}

function all(cursor: JobCursor): TaggedJob[] {
  const jobs: TaggedJob[] = [];
  while (!cursor.done) {
    cursor.look();
    while (cursor.left > 0) jobs.push(next(cursor));
  }
  return jobs;
}

test('jobs are those of the generated decoder', () => {
  const name = fc.constantFrom('ECHO', 'ECHO', 'ECHOS', 'GRÜN', 'E');
  const job = fc.record(
    {
      tag: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      kind: fc.oneof(fc.nat(5), fc.integer()),
      kindName: name,
      kindVersion: fc.constantFrom('1.2', '7'),
      payload: fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    },
    { requiredKeys: ['tag', 'kind'] },
  );
  const check = (jobs: TaggedJob[]): void => {
    const bytes = RunJobsRequest.encode({ jobs }).finish();
    const cursor = new JobCursor(bytes);
    cursor.look();
    expect(cursor.left).toBe(jobs.length);
    expect(all(cursor)).toEqual(RunJobsRequest.decode(bytes).jobs);
  };
  holds(fc.array(job), check, 200);
});

test('keys in more bytes than they need are the same keys', () => {
  const payload = [0xa2, 0x80, 0x00, 2, 0x68, 0x69];
  const unknown = [0xb8, 0x00, 7];
  const job = [0x88, 0x00, 9, ...unknown, 0x90, 0x80, 0x80, 0x00, 1, ...payload];
  const bytes = Uint8Array.from([0x0a, job.length, ...job]);
  expect(all(new JobCursor(bytes))).toEqual(RunJobsRequest.decode(bytes).jobs);
  expect(all(new JobCursor(bytes))).toEqual([{ tag: 9n, kind: 1, payload: Buffer.from('hi') }]);
});

test('fields that are not known are passed over', () => {
  const job = [0x0a, 2, 0x10, 1];
  const bytes = Uint8Array.from([0x10, 5, ...job, 0x1a, 1, 7, ...job, 0x25, 0, 0, 0, 0]);
  expect(all(new JobCursor(bytes))).toEqual([
    { tag: 0n, kind: 1 },
    { tag: 0n, kind: 1 },
  ]);
});

/** A message of 8 MiB of this field, over and over. */
function large(field: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * 2 ** 20);
  for (let at = 0; at < bytes.length; at += field.length) bytes.set(field, at);
  return bytes;
}

test('a message of 8 MiB makes no more objects than are taken, and some thousand of its jobs are found at a time', () => {
  const bytes = large([0x0a, 2, 0x10, 1]);
  const before = process.memoryUsage().heapUsed;
  const cursor = new JobCursor(bytes);
  for (let i = 0; i < 10; i++) cursor.look();
  expect(cursor.left).toBe(fieldsPerTurnMax);
  expect(next(cursor)).toEqual({ tag: 0n, kind: 1 });
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2 ** 20);
  let [taken, most] = [1, 0];
  while (!cursor.done) {
    cursor.look();
    most = Math.max(most, cursor.left);
    while (cursor.left > fieldsPerTurnMax / 2) taken += next(cursor).kind;
    if (taken + cursor.left === 2 ** 21) while (cursor.left > 0) taken += next(cursor).kind;
  }
  expect(taken).toBe(2 ** 21);
  expect(most).toBeLessThan(2 * fieldsPerTurnMax);
});

test('fields that are not known are passed over some thousand at a time too', () => {
  const cursor = new JobCursor(large([0x10, 0]));
  let looks = 0;
  for (; !cursor.done; looks++) cursor.look();
  expect(looks).toBe(2 ** 22 / fieldsPerTurnMax);
});

test('a job with thousands of fields that are not known is not looked through', () => {
  const job = (fields: number): Uint8Array => {
    const length = [0x80 | ((2 * fields) % 128), (2 * fields) >> 7];
    return Uint8Array.from([0x0a, ...length, ...Array.from({ length: fields }, () => [0x48, 0]).flat()]);
  };
  expect(all(new JobCursor(job(jobBytesMax / 2)))).toEqual([{ tag: 0n, kind: 0 }]);
  expect(() => all(new JobCursor(job(jobBytesMax / 2 + 1)))).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('a job has more than 64 fields') }),
  );
});

test('a job with a long payload is taken, and one that is longer than any payload is not', () => {
  const jobs = (bytes: number) =>
    new JobCursor(
      RunJobsRequest.encode({ jobs: [{ tag: 7n, kind: 300 as JobKind, payload: Buffer.alloc(bytes, 1) }] }).finish(),
    );
  const [taken] = all(jobs(payloadBytesBound));
  expect([taken.tag, taken.kind]).toEqual([7n, 300]);
  // Not by toEqual, which looks at each of the four million bytes for itself.
  expect(Buffer.alloc(payloadBytesBound, 1).equals(taken.payload!)).toBe(true);
  expect(() => all(jobs(payloadBytesBound + jobBytesMax))).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('over the bound of 4195328') }),
  );
});

test.each([
  ['a job behind the end', [0x0a, 3, 0x10]],
  ['a job whose field ends behind it', [0x0a, 1, 0x10]],
  ['a job whose payload ends behind it', [0x0a, 3, 0x22, 2, 7, 0x0a, 0]],
  ['a job whose name has more bytes than there are', [0x0a, 7, 0x1a, 0x80, 0x80, 0x80, 0x80, 0x10, 7]],
  ['a job whose number does not end', [0x0a, 12, 0x08, ...new Array<number>(11).fill(0x80)]],
])('%s is USAGE', (_what, bytes) => {
  expect(() => all(new JobCursor(Uint8Array.from(bytes)))).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('RunJobsRequest') }),
  );
});
