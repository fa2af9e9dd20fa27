import { TriremeError } from './errors.js';

/** What to do about it, by the code that Node gives. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk: make room there, or name another place',
  EDQUOT: 'the quota of its disk is used up: make room there, or name another place',
  EROFS: 'its file system can only be read: name another place',
  EACCES: 'this user may not write there: name another place',
  EFBIG: 'it would be larger than the file system or a limit (ulimit -f) allows',
};

/** Why a place cannot be written to. */
function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return String(error);
  return Object.hasOwn(remedies, code) ? `${code}: ${remedies[code]}` : code;
}

/** The error of a place that an option names. */
export function unwritable(option: string, name: string, error: unknown): TriremeError {
  return new TriremeError('FILE_UNWRITABLE', `${option} ${name}: cannot be written: ${reasonOf(error)}`, {
    cause: error,
  });
}
