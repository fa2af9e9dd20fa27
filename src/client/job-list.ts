import { readFileSync } from 'node:fs';
import { TriremeError } from '../common/errors.js';

/** Longest job list that a client sends: a million jobs take minutes in records framing. */
export const jobsMax = 10_000_000;

/**
 * Numbers separated by commas, blanks or newlines.
 * @throws TriremeError USAGE that names the first entry that is no number
 */
export function parseJobs(text: string, source: string): number[] {
  const tokens = text.split(/[\s,]+/).filter((token) => token !== '');
  if (tokens.length === 0) throw new TriremeError('USAGE', `${source}: holds no job number`);
  if (tokens.length > jobsMax)
    throw new TriremeError('USAGE', `${source}: ${tokens.length} jobs are more than ${jobsMax}`);
  return tokens.map((token, i) => {
    if (!/^\d{1,15}$/.test(token))
      throw new TriremeError(
        'USAGE',
        `${source}: '${token.slice(0, 40)}' (entry ${i + 1}) is not a job number of 1 to 15 digits`,
      );
    return Number(token);
  });
}

/** Reads a list of jobs from a file, `-` for standard input. */
export function readJobs(file: string): number[] {
  try {
    return parseJobs(readFileSync(file === '-' ? 0 : file, 'latin1'), file);
  } catch (error) {
    if (error instanceof TriremeError) throw error;
    throw new TriremeError('FILE_UNREADABLE', `--f ${file}: ${(error as Error).message}`, { cause: error });
  }
}
