import { closeSync, fstatSync, openSync, read, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { TriremeError } from '../common/errors.js';
import type { ByteStream } from './byte-reader.js';

/** Standard input, as users name it. */
export const standardInput = '-';

/** Bytes read from a pipe or compressed file at once. */
const streamPieceBytes = 256 * 1024;

/** An open capture. A regular file can be read at any position and by several threads; all else only in order. */
export interface CaptureFile {
  /** As the user named it. */
  readonly name: string;
  readonly fd: number;
  /** Null for what can only be read in order: a pipe, standard input, a device. */
  readonly sizeBytes: number | null;
  /** All the bytes in order, once. */
  stream(): ByteStream;
  /** Throws FILE_CHANGED when the file is not as it was at the opening. */
  checkUnchanged(): void;
  close(): void;
}

/** Opens a file, a FIFO or standard input (`-`). Throws FILE_UNREADABLE in words that name the file and the reason. */
export function openCapture(name: string): CaptureFile {
  const fd = name === standardInput ? 0 : open(name);
  const opened = stat(name, fd);
  const close = (): void => {
    if (fd !== 0) closeSync(fd);
  };
  if (opened.isDirectory()) {
    close();
    throw new TriremeError('FILE_UNREADABLE', `${name}: is a directory, not a capture`);
  }
  const regular = opened.isFile() && fd !== 0;
  return {
    name,
    fd,
    sizeBytes: regular ? opened.size : null,
    stream: () => (fd === 0 ? process.stdin : readInOrder(fd, regular ? opened.size : null)),
    checkUnchanged: () => {
      if (regular) refuseChanged(name, opened, fstatSync(fd));
    },
    close,
  };
}

/**
 * All bytes of a file, or of a pipe until its end. Not a ReadStream of Node's, because that closes the descriptor when
 * its reader stops early, and the descriptor is ours.
 */
async function* readInOrder(fd: number, sizeBytes: number | null): AsyncGenerator<Uint8Array> {
  const readAsync = promisify(read);
  for (let position = 0; sizeBytes === null || position < sizeBytes; ) {
    const length = Math.min(streamPieceBytes, sizeBytes === null ? streamPieceBytes : sizeBytes - position);
    const at = sizeBytes === null ? null : position;
    const { bytesRead, buffer } = await readAsync(fd, Buffer.allocUnsafeSlow(length), 0, length, at);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function open(name: string): number {
  try {
    return openSync(name, 'r');
  } catch (error) {
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? (error as Error).message;
    throw new TriremeError('FILE_UNREADABLE', `${name}: ${reason}`, { cause: error });
  }
}

function stat(name: string, fd: number): Stats {
  try {
    return fstatSync(fd);
  } catch (error) {
    throw new TriremeError('FILE_UNREADABLE', `${name}: ${(error as Error).message}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'no such file (a part of the path is not a directory)',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
  ENXIO: 'no such device or address',
};

function refuseChanged(name: string, opened: Stats, now: Stats): void {
  if (now.size !== opened.size) {
    throw new TriremeError(
      'FILE_CHANGED',
      `${name}: changed while it was read: it had ${opened.size} bytes and has ${now.size} now; copy it first or wait for its writer`,
    );
  }
  if (now.mtimeMs !== opened.mtimeMs) {
    throw new TriremeError('FILE_CHANGED', `${name}: was written to while it was read; copy it first or wait for its writer`);
  }
}
