import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { identityOf } from '../captures/file/identity.js';
import { makeFolders } from '../common/make-folders.js';
import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import { openPrivateFolder } from '../common/private-folder.js';
import type { FileIdentity } from '../gen/trireme/v1/capture.js';

/** An upload that no analysis asks for is removed after this time: its client is gone. */
const uploadUnclaimedMs = 60_000;

interface Spooled {
  bytes: number;
  /** Removes it when nobody asks for it; null while an analysis uses it. */
  timer: NodeJS.Timeout | null;
}

/** An upload that an analysis needs: where it lay, and how long it is. */
export interface Upload {
  readonly path: string;
  readonly bytes: number;
}

/** An upload that is being written. */
export interface SpoolWriter {
  write(data: Uint8Array): Promise<void>;
  /** Checks the whole and answers with its path. */
  finish(identity: FileIdentity | null): Promise<string>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

/** Captures that clients sent because the master does not see them. Bounded, and gone when their analysis ends. */
export class Spool {
  /** Of this process alone, where what a dead master left is found by its process id; or one that outlives it. */
  readonly folder: string;
  private readonly files = new Map<string, Spooled>();
  private bytes = 0;

  constructor(
    private readonly root: string,
    private readonly bytesMax: number,
    private readonly log: Logger,
    /** The folder is the root itself, and what lies there is kept for those that need it still: see adopt. */
    private readonly lasting = false,
  ) {
    this.folder = lasting
      ? root
      : join(root, `${process.pid}-${createHash('sha256').update(randomUUID()).digest('hex').slice(0, 12)}`);
    // With a ledger's folder around it, that one was looked at as a whole.
    if (!lasting) openPrivateFolder(root, '--spool', 'USAGE');
    try {
      makeFolders(this.folder, 0o700);
    } catch (error) {
      throw new TriremeError('USAGE', `--spool ${root}: ${(error as Error).message}`, { cause: error });
    }
    if (!lasting) removeLeftovers(root, log);
  }

  /**
   * Takes over what an earlier process held: keeps the files that analyses wait for, removes the others.
   * @param evidence the ledger's folder for what nobody names, because its records were damaged; null: they were not
   */
  adopt(uploads: readonly Upload[], evidence: string | null): void {
    const wanted = new Map(uploads.map(({ path, bytes }) => [basename(path), bytes]));
    for (const name of readdirSync(this.folder)) {
      const path = join(this.folder, name);
      const { size: bytes } = statSync(path);
      if (bytes === wanted.get(name) || (wanted.has(name) && evidence === null)) {
        this.files.set(path, { bytes, timer: null });
        this.bytes += bytes;
      } else if (evidence !== null) {
        mkdirSync(join(evidence, 'spool'), { recursive: true, mode: 0o700 });
        renameSync(path, join(evidence, 'spool', name));
        this.log.warn({ path, evidence }, 'an upload that no analysis names as it is was set aside');
      } else rmSync(path, { recursive: true, force: true });
    }
    for (const [name, bytes] of wanted) {
      const found = this.files.get(join(this.folder, name))?.bytes;
      if (found === bytes) continue;
      this.log.error({ upload: name, bytes, found }, 'the upload of an analysis is missing or damaged: it will fail');
    }
  }

  /** Where an upload lies, whatever its folder was called when it came. */
  pathOf(path: string): string {
    return join(this.folder, basename(path));
  }

  get bytesHeld(): number {
    return this.bytes;
  }

  /** @throws TriremeError LIMIT_REACHED when there is no room for so many bytes more */
  checkRoom(bytes: number): void {
    if (this.bytes + bytes <= this.bytesMax) return;
    throw new TriremeError(
      'LIMIT_REACHED',
      `the spool holds ${this.bytes} bytes and takes at most ${this.bytesMax} (--spool-bytes-max): try later`,
      { facts: { value: this.bytes, bound: this.bytesMax, boundName: 'spool-bytes-max' } },
    );
  }

  async create(): Promise<SpoolWriter> {
    const { root } = this;
    const path = join(this.folder, `${randomUUID()}.capture`);
    const file: Spooled = { bytes: 0, timer: null };
    this.files.set(path, file);
    let handle: FileHandle | null = await open(path, 'wx+', 0o600);
    const discard = async (): Promise<void> => {
      await handle?.close();
      handle = null;
      await this.remove(path);
    };
    return {
      write: async (data) => {
        this.checkRoom(data.length);
        this.bytes += data.length;
        file.bytes += data.length;
        // A disk that is nearly full takes a part and says so by a count alone.
        for (let at = 0; at < data.length && handle !== null;) at += await written(handle, data.subarray(at), root);
      },
      finish: async (identity) => {
        if (handle === null) throw new TriremeError('CANCELLED', 'the upload was given up');
        const held = identityOf(handle.fd, file.bytes);
        // Its analysis will be on the disk before its client is told of it; so must this be.
        if (this.lasting) await handle.sync();
        await handle.close();
        handle = null;
        const same =
          identity === null ||
          (identity.sizeBytes === BigInt(held.sizeBytes) && held.endsSha256.equals(identity.endsSha256));
        if (!same) {
          throw new TriremeError('FILE_CHANGED', `the upload of ${held.sizeBytes} bytes is not the file announced`);
        }
        file.timer = setTimeout(() => {
          this.log.warn({ path }, 'an upload that nobody asked for was removed');
          void this.remove(path);
        }, uploadUnclaimedMs);
        file.timer.unref();
        return path;
      },
      discard,
    };
  }

  /** An analysis uses this path: true when it is one of ours, which the caller removes when done. */
  claim(path: string): boolean {
    const file = this.files.get(path);
    if (file === undefined || file.timer === null) return false;
    clearTimeout(file.timer);
    file.timer = null;
    return true;
  }

  async remove(path: string): Promise<void> {
    const file = this.files.get(path);
    if (file === undefined) return;
    this.files.delete(path);
    this.bytes -= file.bytes;
    if (file.timer !== null) clearTimeout(file.timer);
    await rm(path, { force: true });
  }

  close(): void {
    if (!this.lasting) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Bytes that the disk took, at least one. @throws TriremeError LIMIT_REACHED when it is full */
async function written(handle: FileHandle, data: Uint8Array, root: string): Promise<number> {
  try {
    return (await handle.write(data)).bytesWritten;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new TriremeError('LIMIT_REACHED', `the disk of the spool is full (--spool ${root}): make room or try later`, {
      cause: error,
    });
  }
}

/** Folders of masters that are no more. */
function removeLeftovers(root: string, log: Logger): void {
  for (const name of readdirSync(root)) {
    const pid = Number(/^(\d+)-[0-9a-f]{12}$/.exec(name)?.[1]);
    if (!(pid > 0) || isAlive(pid)) continue;
    rmSync(join(root, name), { recursive: true, force: true });
    log.info({ folder: join(root, name) }, 'removed the spool of a master that is no more');
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
