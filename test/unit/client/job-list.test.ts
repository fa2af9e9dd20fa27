import { parseJobs, readJobs } from '../../../src/client/job-list.js';

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

  test('a file that is not there is named', () => {
    expect(() => readJobs('/nowhere/jobs')).toThrow(/^--f \/nowhere\/jobs: ENOENT/);
  });
});
