import { closeSync, fstatSync, openSync, read, readFileSync, statSync, type Stats } from 'node:fs';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { TriremeError } from '../../common/errors.js';
import type { ByteStream } from './byte-reader.js';
import { openFlags, readRange, refuseIrregular, unreadable } from './regular-file.js';

/** Standard input, as users name it. */
export const standardInput = '-';

/** Bytes read from a compressed file at once. */
const streamPieceBytes = 256 * 1024;

/** An open capture. A regular file can be read at any position and by several threads; all else only in order. */
export interface CaptureFile {
  /** As the user named it. */
  readonly name: string;
  readonly fd: number;
  /** Null for what can only be read in order: a pipe or standard input. */
  readonly sizeBytes: number | null;
  /** All the bytes in order, once. */
  stream(): ByteStream;
  /** Throws FILE_CHANGED when the file is not as it was at the opening. */
  checkUnchanged(): void;
  /**
   * Whether it has more bytes than at the opening: whoever reads no further than sizeBytes has read what was
   * there then. Throws FILE_CHANGED when it was changed in another way.
   */
  hasGrown(): boolean;
  close(): void;
}

/** Names under which the kernel shows standard input. A socket cannot be opened by such a name, only read. */
const standardInputPaths = ['/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];

/**
 * Opens a regular file, a FIFO or standard input (`-`). The opening never waits: bytes of a FIFO that has no
 * writer yet come when it has one. One that is opened for a look at its start is not watched for being
 * written anew. Throws FILE_UNREADABLE in words that name the file and the reason.
 */
export function openCapture(name: string, use: 'scan' | 'look' = 'scan'): CaptureFile {
  try {
    if (name === standardInput) {
      const found = redirectedFile();
      return found === null ? orderedInput(name, 0) : regularFile(name, 0, found, use);
    }
    const found = statSync(name);
    if (standardInputPaths.includes(name) && found.isSocket()) return orderedInput(name, 0);
    // Looked at before it is opened: the mere opening of a device can do something.
    if (!found.isFIFO()) refuseIrregular(name, found);
    const fd = openSync(name, openFlags);
    try {
      const opened = fstatSync(fd);
      if (opened.isFIFO()) return orderedInput(name, fd);
      refuseIrregular(name, opened);
      return regularFile(name, fd, opened, use);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Bytes of each end of a file that are compared when it has grown: whoever writes it anew changes them. */
const endBytes = 512;

function regularFile(name: string, fd: number, opened: Stats, use: 'scan' | 'look'): CaptureFile {
  const ends = (): Buffer => {
    const length = Math.min(endBytes, opened.size);
    return Buffer.concat([readRange(fd, 0, length), readRange(fd, opened.size - length, length)]);
  };
  // Of thousands of files that are only looked at, reading them would take as long as the look.
  const before = use === 'scan' ? ends() : null;
  return {
    name,
    fd,
    sizeBytes: opened.size,
    stream: () => readInOrder(fd, opened.size),
    checkUnchanged: () => refuseChanged(name, opened, fstatSync(fd)),
    hasGrown: () => {
      const now = fstatSync(fd);
      if (now.size > opened.size) {
        if (before?.equals(ends()) !== false) return true;
        throw new TriremeError(
          'FILE_CHANGED',
          `${name}: was written anew while it was read; copy it first or wait for its writer`,
        );
      }
      refuseChanged(name, opened, now);
      return false;
    },
    close: () => void (fd !== 0 && closeSync(fd)),
  };
}

/**
 * Standard input where it is a file that nobody has read of yet: it can be read anywhere, by many threads. Else null.
 */
export function redirectedFile(): Stats | null {
  const found = fstatSync(0);
  if (!found.isFile()) return null;
  try {
    // proc_pid_fdinfo(5)
    return /^pos:\s*0$/m.test(readFileSync('/proc/self/fdinfo/0', 'latin1')) ? found : null;
  } catch {
    return null;
  }
}

/** A pipe, which the event loop reads: no thread waits for its writer, so signals are heard meanwhile. */
function orderedInput(name: string, fd: number): CaptureFile {
  if (fd === 0 && fstatSync(fd).isDirectory()) {
    throw new TriremeError('FILE_UNREADABLE', `${name}: is a directory, not a capture`);
  }
  let socket: Socket | null = null;
  let opened = false;
  return {
    name,
    fd,
    sizeBytes: null,
    stream: () => {
      if (fd === 0) {
        opened = true;
        return process.stdin;
      }
      // Loaded only here: a small capture is scanned in less time.
      const { Socket } = require('node:net') as typeof import('node:net');
      // A pipe was opened without waiting. Its descriptor is closed with the stream.
      return (socket = new Socket({ fd, readable: true, writable: false }));
    },
    checkUnchanged: () => undefined,
    hasGrown: () => false,
    close: () => {
      if (socket !== null) socket.destroy();
      // Its writer may go on for ever, and the process with it.
      else if (opened) process.stdin.destroy();
      else if (fd !== 0) closeSync(fd);
    },
  };
}

/**
 * So many bytes of a file, from a position on. Not a ReadStream of Node's, because that closes the descriptor
 * when its reader stops early, and the descriptor is ours.
 */
export async function* readInOrder(fd: number, sizeBytes: number, from = 0): AsyncGenerator<Uint8Array> {
  const readAsync = promisify(read);
  const end = from + sizeBytes;
  for (let position = from; position < end;) {
    const length = Math.min(streamPieceBytes, end - position);
    const { bytesRead, buffer } = await readAsync(fd, Buffer.allocUnsafeSlow(length), 0, length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

function refuseChanged(name: string, opened: Stats, now: Stats): void {
  if (now.size !== opened.size) {
    throw new TriremeError(
      'FILE_CHANGED',
      `${name}: changed while it was read: it had ${opened.size} bytes and has ${now.size} now; copy it first or wait for its writer`,
    );
  }
  if (now.mtimeMs !== opened.mtimeMs) {
    throw new TriremeError(
      'FILE_CHANGED',
      `${name}: was written to while it was read; copy it first or wait for its writer`,
    );
  }
}
