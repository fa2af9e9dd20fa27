import { truncateSync } from 'node:fs';
import { jobsBytesMax, parseJobs, readJobs } from '../../../src/client/job-list.js';
import { scratchFolder } from '../../support/scratch.js';

const scratch = scratchFolder();

describe('job list', () => {
  test('numbers may be separated by commas, blanks and newlines', () => {
    expect(parseJobs('1,2 1\n2\r\n,,12\t007', 'x')).toEqual([1, 2, 1, 2, 12, 7]);
  });

  test.each([
    ['1,x,2', /--jobs: 'x' \(entry 2\) is not a job number/],
    ['-1', /'-1'/],
    ['1234567890123456', /'1234567890123456'/],
    [' , ', /holds no job number/],
  ])('%j is refused', (text, message) => {
    expect(() => parseJobs(text, '--jobs')).toThrow(message);
  });

  test('a list of many chunks is read whole', () => {
    expect(readJobs(scratch.file('many', '1,2\n'.repeat(50_000)))).toHaveLength(100_000);
  });

  test('what has no end is refused at the bound', () => {
    const file = scratch.file('endless', '');
    truncateSync(file, jobsBytesMax + 1);
    expect(() => readJobs(file)).toThrow(`--f ${file}: has more than ${jobsBytesMax} bytes`);
  });

  test('a file that is not there is named', () => {
    expect(() => readJobs('/nowhere/jobs')).toThrow(/^--f \/nowhere\/jobs: ENOENT/);
  });
});
