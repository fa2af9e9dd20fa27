import { joblogHead, joblogLine } from '../../../src/client/joblog.js';

const result = { tag: 3n, result: 'ABC', error: '', worker: 'w1', execSeconds: 0, attempts: 1 };
const job = { seq: 3, payload: Buffer.from('a\tb\nc'), startedMs: 1_700_000_000_250, tookMs: 1234, result };

test('a line has as many fields as the head, and a payload puts none of its own into it', () => {
  const line = joblogLine(job, 'UPPER');
  expect(line).toBe('3\tw1\t1700000000.250\t     1.234\t5\t3\t0\t0\tUPPER a b c\n');
  expect(line.split('\t').length).toBe(joblogHead.split('\t').length);
});

test('a job that failed has exit value 1, whatever ran it', () => {
  const failed = { ...job, result: { ...result, result: '', error: 'JOB_FAILED: no', worker: '' } };
  expect(joblogLine(failed, '300').split('\t').slice(1, 8)).toEqual([
    '-',
    '1700000000.250',
    '     1.234',
    '5',
    '0',
    '1',
    '0',
  ]);
});
