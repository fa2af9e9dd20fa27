import { TriremeError } from '../common/errors.js';

/** A file that gave no counts: it could not be opened, read, or filtered, or changed meanwhile. */
export interface FailedFile {
  readonly error: 'unreadable' | 'changed';
  readonly error_detail: string;
}

/** What is told of a file that failed. An error that is not about the file is thrown again. */
export function failedFile(file: string, caught: unknown): FailedFile {
  const error = TriremeError.from(caught);
  if (error.code === 'FILE_UNREADABLE' || error.code === 'FILE_SILENT' || error.code === 'PATH_REFUSED') {
    return { error: 'unreadable', error_detail: error.message };
  }
  if (error.code === 'FILTER_UNFIT') return { error: 'unreadable', error_detail: `${file}: ${error.message}` };
  if (error.code === 'FILE_CHANGED') return { error: 'changed', error_detail: error.message };
  const { syscall, code } = (caught ?? {}) as NodeJS.ErrnoException;
  if (syscall === 'read') {
    return { error: 'unreadable', error_detail: `${file}: cannot be read: ${code ?? error.message}` };
  }
  throw caught;
}
