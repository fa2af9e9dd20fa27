import { realpathSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { identityOf } from './identity.js';
import { TriremeError } from '../common/errors.js';

/** Identities kept, by path: beyond it the oldest is forgotten. */
const identitiesMax = 1024;

/** What a hub says of a file: enough to tell whether this machine sees the same one. */
export interface WantedIdentity {
  readonly sizeBytes: bigint;
  readonly endsSha256: Uint8Array;
}

interface Known {
  readonly stamp: string;
  readonly endsSha256: Buffer;
}

/** The captures that this process may open: those below its folders, with links resolved before the check. */
export class CaptureAccess {
  private readonly folders: readonly string[];
  private readonly known = new Map<string, Known>();

  /** @throws TriremeError USAGE for a folder that is not there */
  constructor(folders: readonly string[]) {
    this.folders = folders.map((folder) => {
      try {
        return realpathSync(folder);
      } catch {
        throw new TriremeError('USAGE', `--captures ${folder}: there is no such folder`);
      }
    });
  }

  /**
   * The resolved path of a file below the folders; a relative one is taken from the first folder.
   * @throws TriremeError FILE_UNREADABLE when there is none, PATH_REFUSED when it is elsewhere
   */
  async resolve(path: string): Promise<string> {
    let real: string;
    try {
      real = await realpath(resolve(this.folders[0] ?? '/', path));
    } catch (error) {
      throw new TriremeError('FILE_UNREADABLE', `${path}: ${(error as NodeJS.ErrnoException).code ?? 'cannot be opened'}`, {
        cause: error,
      });
    }
    if (this.holds(real)) return real;
    throw new TriremeError('PATH_REFUSED', `${path} is not below a --captures folder (${this.folders.join(', ')})`);
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
    const handle = await open(real, 'r');
    try {
      const stats = await handle.stat();
      if (!stats.isFile() || BigInt(stats.size) !== wanted.sizeBytes) return false;
      const stamp = `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}`;
      let known = this.known.get(real);
      if (known?.stamp !== stamp) {
        known = { stamp, endsSha256: identityOf(handle.fd, stats.size).endsSha256 };
        this.known.delete(real);
        if (this.known.size >= identitiesMax) this.known.delete(this.known.keys().next().value as string);
        this.known.set(real, known);
      }
      return known.endsSha256.equals(wanted.endsSha256);
    } finally {
      await handle.close();
    }
  }
}
