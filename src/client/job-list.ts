import { closeSync, openSync, readSync } from 'node:fs';
import { TriremeError } from '../common/errors.js';

/** Longest job list that a client sends: a million jobs take minutes in records framing. */
export const jobsMax = 10_000_000;

/** Bytes of such a list: 15 digits and a separator for each. A device may have no end. */
export const jobsBytesMax = 16 * jobsMax;

/** Bytes read at once. */
const chunkBytes = 64 * 1024;

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

/**
 * Reads a list of jobs from a file, `-` for standard input. A FIFO is waited for, as by every program that
 * reads what its user names; this process does nothing else meanwhile, and a signal ends it.
 */
export function readJobs(file: string): number[] {
  try {
    return parseJobs(readText(file), file);
  } catch (error) {
    if (error instanceof TriremeError) throw error;
    throw new TriremeError('FILE_UNREADABLE', `--f ${file}: ${(error as Error).message}`, { cause: error });
  }
}

function readText(file: string): string {
  const fd = file === '-' ? 0 : openSync(file, 'r');
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(chunkBytes);
      const read = readSync(fd, chunk);
      if (read === 0) return Buffer.concat(chunks).toString('latin1');
      chunks.push(chunk.subarray(0, read));
      bytes += read;
      if (bytes > jobsBytesMax)
        throw new TriremeError('USAGE', `--f ${file}: has more than ${jobsBytesMax} bytes, those of ${jobsMax} jobs`);
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}
