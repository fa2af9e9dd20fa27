import { TriremeError } from '../common/errors.js';
import type { Entry } from './entry.js';

/** The entry of a file that gave no counts. An error that is not about the file ends the whole command. */
export function failedEntry(file: string, caught: unknown): Entry {
  const error = TriremeError.from(caught);
  if (error.code === 'FILE_UNREADABLE' || error.code === 'PATH_REFUSED') {
    return { file, error: 'unreadable', error_detail: error.message };
  }
  if (error.code === 'FILE_CHANGED') return { file, error: 'changed', error_detail: error.message };
  const { syscall, code } = (caught ?? {}) as NodeJS.ErrnoException;
  if (syscall === 'read') {
    return { file, error: 'unreadable', error_detail: `${file}: cannot be read: ${code ?? error.message}` };
  }
  throw error;
}
