import { realpathSync, statSync } from 'node:fs';
import { realpath, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { FileProbe } from './file-probe.js';
import { FileWork } from './file-work.js';
import { readIdentity } from './identity.js';
import { openRegular, unreadable } from './regular-file.js';

/** Identities kept, by path: beyond it the oldest is forgotten. */
const identitiesMax = 1024;

/**
 * What a hub says of a file: enough to tell whether this machine sees the same one, or one that has grown out of it.
 */
export interface WantedIdentity {
  readonly sizeBytes: bigint;
  readonly endsSha256: Uint8Array;
  /** Bytes of each end that the hash covers; identityEndBytes when left out. */
  readonly endBytes?: number;
}

interface Known {
  readonly stamp: string;
  readonly endsSha256: Buffer;
}

/**
 * The captures that this process may open: regular files below its folders, with links resolved before the
 * check. Whoever names a file that does not answer waits for it, and nobody else does.
 */
export class CaptureAccess {
  private readonly folders: readonly string[];
  private readonly known = new Map<string, Known>();

  /**
   * Looks at the folders first: one whose file system does not answer would hang the process.
   * @throws TriremeError USAGE for a folder that is not there, or does not answer
   */
  static async of(folders: readonly string[]): Promise<CaptureAccess> {
    const probe = new FileProbe();
    await Promise.all(
      folders.map(async (folder) => {
        await probe.check(folder, `--captures ${folder}`).catch((error: unknown) => {
          throw new TriremeError('USAGE', TriremeError.from(error).message, { cause: error });
        });
      }),
    );
    return new CaptureAccess(folders, new FileWork(), probe);
  }

  /** @throws TriremeError USAGE for a folder that is not there, or is none */
  constructor(
    folders: readonly string[],
    private readonly work = new FileWork(),
    private readonly probe = new FileProbe(),
  ) {
    this.folders = folders.map((folder) => {
      try {
        const real = realpathSync(folder);
        if (statSync(real).isDirectory()) return real;
      } catch {
        throw new TriremeError('USAGE', `--captures ${folder}: there is no such folder`);
      }
      throw new TriremeError('USAGE', `--captures ${folder}: is no folder: name the one that its captures lie in`);
    });
  }

  /**
   * The resolved path of a file below the folders; a relative one is taken from the first folder.
   * @throws TriremeError FILE_UNREADABLE when there is none, PATH_REFUSED when it is elsewhere
   */
  async resolve(path: string): Promise<string> {
    const whole = resolve(this.folders[0] ?? '/', path);
    let real: string;
    try {
      await this.probe.check(whole, path);
      real = await this.work.run(path, () => realpath(whole));
    } catch (error) {
      throw unreadable(path, error);
    }
    if (this.holds(real)) return real;
    throw new TriremeError('PATH_REFUSED', `${path} is not below a --captures folder (${this.folders.join(', ')})`);
  }

  /**
   * Where a new file may be made: in one of the folders, or in a folder below.
   * @throws TriremeError FILE_UNREADABLE when there is no such folder, PATH_REFUSED when it is elsewhere
   */
  async place(path: string): Promise<string> {
    const whole = resolve(this.folders[0] ?? '/', path);
    const folder = dirname(whole);
    let real: string;
    try {
      await this.probe.check(folder, folder);
      real = await this.work.run(folder, () => realpath(folder));
    } catch (error) {
      throw unreadable(folder, error);
    }
    if (this.folders.includes(real) || this.holds(real)) return join(real, basename(whole));
    throw new TriremeError('PATH_REFUSED', `${path} is not below a --captures folder (${this.folders.join(', ')})`);
  }

  /**
   * Opens a regular file below the folders.
   * @throws TriremeError as resolve(), and FILE_UNREADABLE for what is no regular file or does not answer
   */
  async open(path: string): Promise<{ readonly real: string; readonly handle: FileHandle }> {
    const real = await this.resolve(path);
    return { real, handle: await this.openReal(real, path) };
  }

  /** Work with an open file, for which nobody waits longer than for its opening. */
  whileItAnswers<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.work.run(name, work);
  }

  private openReal(real: string, name: string): Promise<FileHandle> {
    return this.work.run(
      name,
      () => openRegular(real, name),
      (handle) => void handle.close().catch(() => undefined),
    );
  }

  /** The resolved path of the same file here, or null when this machine does not see it or may not open it. */
  async find(path: string, wanted: WantedIdentity): Promise<string | null> {
    try {
      const real = await this.resolve(path);
      return (await this.sameFile(real, wanted)) ? real : null;
    } catch {
      // Whatever keeps us from the file, the hub has it.
      return null;
    }
  }

  private holds(real: string): boolean {
    return this.folders.some((folder) => real.startsWith(folder.endsWith(sep) ? folder : folder + sep));
  }

  private async sameFile(real: string, wanted: WantedIdentity): Promise<boolean> {
    const handle = await this.openReal(real, real);
    try {
      return await this.work.run(real, () => this.isWanted(real, handle, wanted));
    } finally {
      // Not waited for: to close a file of a network share is to ask its server too.
      handle.close().catch(() => undefined);
    }
  }

  private async isWanted(real: string, handle: FileHandle, wanted: WantedIdentity): Promise<boolean> {
    const stats = await handle.stat();
    // One that is still written has more bytes by now, and is the same file up to there.
    if (BigInt(stats.size) < wanted.sizeBytes) return false;
    const sizeBytes = Number(wanted.sizeBytes);
    const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${sizeBytes}:${wanted.endBytes}`;
    let known = this.known.get(real);
    if (known?.stamp !== stamp) {
      known = { stamp, endsSha256: (await readIdentity(handle, sizeBytes, wanted.endBytes)).endsSha256 };
      this.known.delete(real);
      if (this.known.size >= identitiesMax) this.known.delete(this.known.keys().next().value as string);
      this.known.set(real, known);
    }
    return known.endsSha256.equals(wanted.endsSha256);
  }
}
