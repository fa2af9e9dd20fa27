import { TriremeError } from '../../common/errors.js';
import { markStuck } from '../../common/stuck-work.js';

/** Time for one piece of work with a file. A disk that has to spin up takes some seconds. */
export const fileTimeoutMs = 10_000;

/**
 * Pieces of work that may be overdue at once. Each holds one of Node's threads for files, of which a role has
 * fileThreads; the rest must do for the files that can be read.
 */
export const fileWorkStuckMax = 4;

/** Threads of a role that opens files which others name. Node's four would be gone with fileWorkStuckMax. */
const fileThreads = 16;

/** To be called before the first of these threads is needed; a number that the user chose stays. */
export function moreFileThreads(): void {
  process.env.UV_THREADPOOL_SIZE ??= String(fileThreads);
}

/**
 * Work with files that may lie on a file system that has stopped answering (a network share, FUSE, a dying
 * disk): such a call never returns and cannot be taken back. The one who waits for it hears an error in time,
 * and no more than a few are begun while others are overdue.
 */
export class FileWork {
  private stuck = 0;

  constructor(
    private readonly timeoutMs = fileTimeoutMs,
    private readonly stuckMax = fileWorkStuckMax,
  ) {}

  /** Pieces of work that are overdue. */
  get overdue(): number {
    return this.stuck;
  }

  /**
   * @param name of the file, for the error
   * @param undo is given what the work comes to when nobody waits for it any more
   * @throws TriremeError FILE_SILENT when it takes too long; what the work throws
   */
  async run<T>(name: string, work: () => Promise<T>, undo?: (result: T) => void): Promise<T> {
    if (this.stuck >= this.stuckMax) {
      throw new TriremeError(
        'FILE_UNREADABLE',
        `${name}: not opened, because ${this.stuck} files are waited for already whose file system does not answer ` +
          `(the bound is ${this.stuckMax}): repair it or unmount it`,
      );
    }
    let timer: NodeJS.Timeout | undefined;
    let back: (() => void) | undefined;
    const running = work();
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        this.stuck++;
        const unmark = markStuck();
        back = () => {
          this.stuck--;
          unmark();
        };
        reject(silent(name, this.timeoutMs));
      }, this.timeoutMs);
    });
    running.then(
      (result) => {
        if (back !== undefined) undo?.(result);
        back?.();
      },
      () => back?.(),
    );
    try {
      return await Promise.race([running, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * The error of a file system that does not answer. Not FILE_UNREADABLE: who holds the file must not try to
 * read and send it instead.
 */
export function silent(name: string, timeoutMs: number): TriremeError {
  return new TriremeError(
    'FILE_SILENT',
    `${name}: its file system does not answer within ${timeoutMs / 1000} s; repair it or unmount it`,
  );
}
