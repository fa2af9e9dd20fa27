import { mayRetry } from '../../../src/client/run-jobs.js';
import { progressText, writeResult } from '../../../src/client/run-output.js';
import { byteLines } from '../../../src/client/byte-lines.js';
import { resultNames, taskOf, tasksOfFiles, tasksOfLines } from '../../../src/client/run-tasks.js';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();
const none = (): boolean => false;

test('jobs are numbered as they stand, also where some are left out', async () => {
  const tasks = [];
  const lines = byteLines([Buffer.from(`a\nb\n${'x'.repeat(300)}\n`)], 1000);
  for await (const task of tasksOfLines(lines, (seq, label) => seq === 2 && label === 'b'))
    tasks.push([task.seq, task.label.length, task.payload.length]);
  expect(tasks).toEqual([
    [1, 1, 1],
    [3, 200, 300],
  ]);
});

test('a label ends between two characters, never in the middle of one', () => {
  const label = 'x'.repeat(199) + '\u{1f600}';
  expect([...taskOf(`${label}y`, none)][0].label).toBe(label);
  expect([...taskOf('\u{1f600}'.repeat(300), none)][0].label).toBe('\u{1f600}'.repeat(200));
});

const linesOf = async (text: string | Buffer, piece: number, most = 1000): Promise<unknown[]> => {
  const bytes = Buffer.from(text);
  const pieces = [];
  for (let at = 0; at < bytes.length; at += piece) pieces.push(bytes.subarray(at, at + piece));
  const lines = [];
  for await (const line of byteLines(pieces, most)) lines.push([line.bytes.toString('latin1'), line.length]);
  return lines;
};

test.each([1, 2, 100])('lines end at LF alone and their bytes stay as they are, in pieces of %d', async (piece) => {
  const bytes = Buffer.from('caf\xe9\r\n\na\rb\nlast', 'latin1');
  expect(await linesOf(bytes, piece)).toEqual([
    ['caf\xe9\r', 5],
    ['', 0],
    ['a\rb', 3],
    ['last', 4],
  ]);
});

test.each([1, 700, 10_000])('of a line that is too long its beginning is held, in pieces of %d', async (piece) => {
  expect(await linesOf(`${'x'.repeat(5000)}\n${'y'.repeat(2000)}\nz`, piece, 2000)).toEqual([
    ['x'.repeat(1024), 5000],
    ['y'.repeat(2000), 2000],
    ['z', 1],
  ]);
});

test('a line that is longer than any payload fails its own job', async () => {
  const tasks = [];
  for await (const task of tasksOfLines(byteLines([Buffer.alloc(4_194_305, 'x'), Buffer.from('\ny')], 4_194_304), none))
    tasks.push([task.label.length, task.payload.length, task.fault]);
  expect(tasks).toEqual([
    [200, 0, 'USAGE: 4194305 bytes are over 4194304, the most that any kind takes'],
    [1, 1, null],
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
});

test('an answer that would replace one of the files is refused, whatever leads to it', () => {
  const at = (path: string): string => join(scratch.path, path);
  for (const folder of ['real', 'other']) mkdirSync(at(folder));
  scratch.file('real/x.jpg', 'x');
  scratch.file('other/y.jpg', 'y');
  symlinkSync(at('real'), at('link'));
  symlinkSync(at('real/x.jpg'), at('other/x.jpg'));
  const replaces = (files: readonly string[], folder: string): (() => unknown) => {
    return () => resultNames(files.map(at), at(folder));
  };
  expect(replaces(['real/x.jpg'], 'real/../real')).toThrow(`would replace ${at('real/x.jpg')}: name another folder`);
  expect(replaces(['real/x.jpg'], 'link')).toThrow(`would replace ${at('real/x.jpg')}`);
  expect(replaces(['other/x.jpg'], 'real')).toThrow(`would replace ${at('other/x.jpg')}`);
  expect(replaces(['other/y.jpg', 'none'], 'real')).not.toThrow();
});

test('an answer is written whole or not at all, and leaves no draft', async () => {
  const folder = join(scratch.path, 'out');
  mkdirSync(join(folder, 'taken'), { recursive: true });
  await writeResult(folder, 'x', Buffer.from('abc'));
  expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('abc');
  expect(await writeResult(folder, 'taken', Buffer.from('abc'))).toMatch(/^FILE_UNWRITABLE: --out .*EISDIR/);
  const longest = 'n'.repeat(255);
  expect(await writeResult(folder, longest, Buffer.from('abc'))).toBe(null);
  expect(readdirSync(folder).sort()).toEqual([longest, 'taken', 'x']);
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
