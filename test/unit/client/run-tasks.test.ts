import { mayRetry } from '../../../src/client/run-jobs.js';
import { progressText, writeResult } from '../../../src/client/run-output.js';
import { resultNames, tasksOf, tasksOfFiles } from '../../../src/client/run-tasks.js';
import { mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const none = (): boolean => false;

test('jobs are numbered as they stand, also where some are left out', async () => {
  const tasks = [];
  for await (const task of tasksOf(['a', 'b', 'x'.repeat(300)], (seq, label) => seq === 2 && label === 'b'))
    tasks.push([task.seq, task.label.length, task.payload.length]);
  expect(tasks).toEqual([
    [1, 1, 1],
    [3, 200, 300],
  ]);
});

test('files are read when their turn comes; one that cannot be is a fault of its own job', () => {
  const file = scratch.file('a', 'abc');
  const large = scratch.file('large', '');
  truncateSync(large, 4_194_305);
  const tasks = tasksOfFiles([file, '/nowhere', scratch.path, large, file], (seq) => seq === 5);
  scratch.file('a', 'later');
  expect([...tasks].map(({ seq, payload, fault }) => [seq, payload.toString(), fault])).toEqual([
    [1, 'later', null],
    [2, '', expect.stringMatching(/^FILE_UNREADABLE: \/nowhere: ENOENT/)],
    [3, '', `FILE_UNREADABLE: ${scratch.path}: not a regular file`],
    [4, '', `FILE_UNREADABLE: ${large}: 4194305 bytes are over 4194304, the most that any kind takes`],
  ]);
  truncateSync(large, 4_194_304);
  expect([...tasksOfFiles([large], none)][0].payload.length).toBe(4_194_304);
});

test('answers are called as their files, unless two would be the same or one would replace its file', () => {
  expect(resultNames(['a/x.jpg', 'b/y.jpg'], 'out')).toEqual(['x.jpg', 'y.jpg']);
  expect(() => resultNames(['a/x.jpg', 'b/x.jpg'], 'out')).toThrow(
    'a/x.jpg and b/x.jpg would both be x.jpg in --out out: run them apart',
  );
  expect(() => resultNames(['./out/x.jpg'], 'out')).toThrow('the answer to ./out/x.jpg would replace it');
});

test('an answer is written whole or not at all, and leaves no draft', async () => {
  const folder = join(scratch.path, 'out');
  mkdirSync(join(folder, 'taken'), { recursive: true });
  await writeResult(folder, 'x', Buffer.from('abc'));
  expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('abc');
  await expect(writeResult(folder, 'taken', Buffer.from('abc'))).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' });
  expect(readdirSync(folder).sort()).toEqual(['taken', 'x']);
});

test.each([
  ['JOB_FAILED: no luck', true],
  ['WORKER_LOST: gone', true],
  ['no code at all', true],
  ['MAY_HAVE_RUN: its worker was lost', false],
  ['UNKNOWN_JOB: unknown job X', false],
  ['USAGE: the payload has 5 bytes', false],
])('a job that failed with %s may be run again: %s', (error, may) => {
  expect(mayRetry(error)).toBe(may);
});

test.each([
  [{ ended: 40, failed: 0, skipped: 0, total: 100 }, '40 of 100 jobs, 4.0/s, 15 s left'],
  [{ ended: 40, failed: 3, skipped: 20, total: 100 }, '60 of 100 jobs, 3 failed, 4.0/s, 10 s left'],
  [{ ended: 10, failed: 0, skipped: 0, total: 1000 }, '10 of 1000 jobs, 1.0/s, 17 min left'],
  [{ ended: 10, failed: 0, skipped: 0, total: 100_000 }, '10 of 100000 jobs, 1.0/s, 27.8 h left'],
  [{ ended: 40, failed: 0, skipped: 0, total: null }, '40 jobs, 4.0/s'],
  [{ ended: 0, failed: 0, skipped: 5, total: 10 }, '5 of 10 jobs, 0.0/s'],
])('progress of %j', (counts, text) => {
  expect(progressText(counts, 10)).toBe(text);
});
