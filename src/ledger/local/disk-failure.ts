import { TriremeError } from '../../common/errors.js';

/** An error of a disk, as a caller is told of it. */
export function diskFailure(place: string, error: unknown): TriremeError {
  if (error instanceof TriremeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOSPC' ? 'no space left on the device' : message;
  return new TriremeError('STATE_FAILED', `--state ${place} cannot be written: ${reason}`, { cause: error });
}
