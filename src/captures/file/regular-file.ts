import { constants, readSync, statSync, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { TriremeError } from '../../common/errors.js';

/**
 * How a file is opened whose name came from outside. Without O_NONBLOCK the opening of a FIFO waits for its writer, and
 * that of some devices for their carrier (open(2)). O_NOCTTY: no terminal becomes that of the process.
 */
export const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** What there is under a name, in words; null: a regular file. */
export function notRegular(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO (a named pipe)';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice()) return 'a character device';
  if (stats.isBlockDevice()) return 'a block device';
  return 'no regular file';
}

/** Undefined where there is nothing, or nothing that we may look at: opening or writing it says why. */
export function statOf(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch {
    return undefined;
  }
}

/** @throws TriremeError FILE_UNREADABLE that says what it is, unless it is a regular file */
export function refuseIrregular(name: string, stats: Stats): void {
  const what = notRegular(stats);
  const hint = stats.isDirectory() ? '; analyze --join reads the captures in it as one' : '';
  if (what !== null) throw new TriremeError('FILE_UNREADABLE', `${name}: is ${what}, not a capture${hint}`);
}

/**
 * Opens a regular file and nothing else. It is looked at before too, because the mere opening of a device can
 * do something.
 * @param name as its user knows it
 * @throws TriremeError FILE_UNREADABLE
 */
export async function openRegular(path: string, name: string): Promise<FileHandle> {
  let handle: FileHandle;
  try {
    refuseIrregular(name, await stat(path));
    handle = await open(path, openFlags);
  } catch (error) {
    throw unreadable(name, error);
  }
  try {
    refuseIrregular(name, await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw unreadable(name, error);
  }
}

/** What Node said of a file, in words. */
export function unreadable(name: string, error: unknown): TriremeError {
  if (error instanceof TriremeError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  return new TriremeError('FILE_UNREADABLE', `${name}: ${reasons[code ?? ''] ?? code ?? message}`, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'no such file (a part of the path is not a directory)',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
  ENXIO: 'no such device or address, or a socket',
  ENOTCONN: 'its file system has gone (a FUSE daemon that ended, say)',
  ESTALE: 'its network share has gone (stale file handle)',
};

/** Up to `length` bytes at `position`; fewer where the file ends. */
export function readRange(fd: number, position: number, length: number): Buffer {
  return readInto(fd, position, Buffer.allocUnsafe(length));
}

/** The same into memory that is there. @returns the part of it that was read */
export function readInto(fd: number, position: number, bytes: Buffer): Buffer {
  let held = 0;
  while (held < bytes.length) {
    const read = readSync(fd, bytes, held, bytes.length - held, position + held);
    if (read === 0) break;
    held += read;
  }
  return bytes.subarray(0, held);
}
