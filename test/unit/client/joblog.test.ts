import { readFileSync } from 'node:fs';
import { joblogHead, joblogLine, openJoblog, readJoblog } from '../../../src/client/joblog.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

const result = { tag: 3n, result: 'ABC', error: '', worker: 'w1', execSeconds: 0, attempts: 1 };
const task = { seq: 3, label: 'a\tb\nc', payload: Buffer.from('a\tb\nc'), fault: null };
const job = { task, startedMs: 1_700_000_000_250, tookMs: 1234, result };

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

const row = (seq: number, exit: number, command = `UPPER ${seq}`): string =>
  `${seq}\tw1\t1700000000.250\t     1.234\t5\t3\t${exit}\t0\t${command}\n`;

describe('a log that is read', () => {
  const text = joblogHead + row(1, 0) + row(3, 1) + row(2, 0) + row(3, 0) + row(1, 1);

  test('tells which jobs succeeded by their last line, whatever its pieces', async () => {
    for (const size of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
        Buffer.from(text.slice(at * size, (at + 1) * size)),
      );
      const { done, wholeBytes } = await readJoblog(pieces, 'log');
      expect([...done]).toEqual([
        [2, 'UPPER 2'],
        [3, 'UPPER 3'],
      ]);
      expect(wholeBytes).toBe(text.length);
    }
  });

  test('may end in a line that was cut short, which is not of it', async () => {
    const { done, wholeBytes } = await readJoblog([Buffer.from(text + row(9, 0).slice(0, -1))], 'log');
    expect([done.has(9), wholeBytes]).toEqual([false, text.length]);
  });

  test.each([
    ['Seq,Host\n', "line 1 is none of a job log: 'Seq,Host'"],
    [row(1, 0), 'line 1 is none of a job log'],
    [`${joblogHead}\n`, "line 2 is none of a job log: ''"],
    [`${joblogHead}${row(1, 0)}x${row(2, 0)}`, "line 3 is none of a job log: 'x2"],
    ['x'.repeat(65_537), 'line 1 is over 65536 bytes: no job log'],
  ])('is refused when a line is none of a job log: %#', async (wrong, why) => {
    await expect(readJoblog([Buffer.from(wrong)], 'log.tsv')).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(`--joblog log.tsv: ${why}`),
    });
  });
});

describe('a log that is opened', () => {
  const written = async (path: string, resume: boolean, line: string): Promise<ReadonlyMap<number, string>> => {
    const log = await openJoblog(path, resume);
    await log.write(line);
    await log.close();
    return log.done;
  };

  test('is gone on with, behind its whole lines, and begins where there is none', async () => {
    const path = `${scratch.path}/log.tsv`;
    expect([...(await written(path, true, row(1, 0)))]).toEqual([]);
    scratch.file('log.tsv', readFileSync(path, 'utf8') + row(2, 0).slice(0, 20));
    expect([...(await written(path, true, row(2, 1)))]).toEqual([[1, 'UPPER 1']]);
    expect(readFileSync(path, 'utf8')).toBe(joblogHead + row(1, 0) + row(2, 1));
  });

  test('that takes nothing is refused, with its name and the reason', async () => {
    await expect(openJoblog('/dev/full', false)).rejects.toMatchObject({
      code: 'FILE_UNWRITABLE',
      message: expect.stringMatching(/^--joblog \/dev\/full: ENOSPC/),
    });
  });

  test('is begun anew unless it is to be gone on with', async () => {
    const path = scratch.file('anew.tsv', joblogHead + row(1, 0));
    await written(path, false, row(2, 0));
    expect(readFileSync(path, 'utf8')).toBe(joblogHead + row(2, 0));
  });
});
