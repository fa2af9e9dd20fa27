import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import { basename, dirname, join } from 'node:path';
import { standardInput } from '../../captures/file/capture-file.js';
import type { PacketsOut } from '../../captures/extract/packets-out.js';
import { statOf } from '../../captures/file/regular-file.js';
import { TriremeError } from '../../common/errors.js';
import { outliveOutput } from '../../common/output-closed.js';
import { unwritable } from '../../common/unwritable.js';
import { behindLinks, isOutputHere } from './out-file.js';

/** Where packets are written: a file, which has its name once it is complete, or standard output. */
export interface CaptureOut extends PacketsOut {
  /** All is written: the file gets its name. */
  complete(): void;
  /** Nothing stays, unless it was completed. */
  discard(): void;
}

/** Thrown when the reader of standard output has seen enough, as `| head` does. */
export class OutputGone extends Error {}

/**
 * @param inputFd of the capture; null: it is read elsewhere, under a name that may be that of a file here
 * @throws TriremeError FILE_UNWRITABLE, or USAGE when it is the capture itself
 */
export function openCaptureOut(name: string, inputFd: number | null, inputName = ''): CaptureOut {
  return name === standardInput ? toStandardOutput() : toFile(name, inputFd, inputName);
}

function toStandardOutput(): CaptureOut {
  if (process.stdout.isTTY === true)
    throw new TriremeError('USAGE', '-w - writes a capture, which no terminal shows: pipe it, or name a file');
  let failure: NodeJS.ErrnoException | null = null;
  outliveOutput();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => (failure ??= error));
  return {
    async write(bytes) {
      // The bytes are in memory that is used again, and a pipe may keep them for a while.
      if (!process.stdout.write(Buffer.from(bytes)) && failure === null) {
        const over = new AbortController();
        const heard = ['drain', 'close'].map((event) => once(process.stdout, event, { signal: over.signal }));
        await Promise.race(heard).catch(() => undefined);
        // A listener that stayed for each write would soon be too many.
        over.abort();
      }
      if (failure === null) return;
      if (failure.code === 'EPIPE') throw new OutputGone();
      throw new TriremeError('FILE_UNWRITABLE', `-w -: standard output: ${failure.message}`, { cause: failure });
    },
    complete: () => undefined,
    discard: () => undefined,
  };
}

function toFile(name: string, inputFd: number | null, inputName: string): CaptureOut {
  const failure = (error: unknown): TriremeError => unwritable('-w', name, error);
  refuseInput(name, inputFd, inputName);
  const replaced = behindLinks(name);
  // In a container each process may have the same number, and one that was killed leaves its part.
  const partial = join(
    dirname(replaced),
    `.${basename(replaced)}.${process.pid}-${Math.random().toString(36).slice(2, 8)}.part`,
  );
  let fd: number | null;
  try {
    fd = openSync(partial, 'wx', 0o666);
  } catch (error) {
    throw failure(error);
  }
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  const discard = (): void => {
    close();
    rmSync(partial, { force: true });
  };
  return {
    placed: { fd, failure },
    write(bytes) {
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(fd!, bytes, at);
        return undefined;
      } catch (error) {
        throw failure(error);
      }
    },
    complete() {
      try {
        close();
        renameSync(partial, replaced);
      } catch (error) {
        throw failure(error);
      }
    },
    discard,
  };
}

/** What is read must not be replaced while it is read. */
function refuseInput(name: string, inputFd: number | null, inputName: string): void {
  const there = statOf(name);
  if (there === undefined) return;
  const input = inputFd === null ? statOf(inputName) : fstatSync(inputFd);
  if (there.dev === input?.dev && there.ino === input.ino)
    throw new TriremeError('USAGE', `-w ${name} is the capture that is read: name another file`);
  if (!there.isFile())
    throw new TriremeError('USAGE', `-w ${name} is no regular file: name a file, or - for standard output`);
  if (isOutputHere(there))
    throw new TriremeError(
      'USAGE',
      `-w ${name} is where standard output or errors go: write -w -, or name another file`,
    );
}
