import { open, readFile, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Values, Writes } from './content-sum.js';
import { headLines, writeLine } from './journal-lines.js';

/** A file that is longer is no journal: it would be read into memory as a whole. */
const journalReadBytesMax = 2 ** 30;

/**
 * The file of a journal. It is appended to, and written anew beside itself, so that a kill leaves the old one or the
 * new one.
 */
export class Journal {
  private handle: FileHandle | null = null;
  private bytes = 0;
  private bytesBefore = 0;

  constructor(readonly path: string) {}

  /** Bytes that it takes on the disk. */
  get length(): number {
    return this.bytes;
  }

  /** False: it must be written anew before anything is added. */
  get usable(): boolean {
    return this.handle !== null;
  }

  /** What lies there; null: nothing. A file that is far too large to be a journal reads as an empty one. */
  async read(): Promise<Buffer | null> {
    try {
      if ((await stat(this.path)).size > journalReadBytesMax) return Buffer.alloc(0);
      return await readFile(this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Goes on with the file that is there, behind so many bytes of it. */
  async goOn(soundBytes: number): Promise<void> {
    await this.close();
    this.handle = await open(this.path, 'r+', 0o600);
    await this.cut(soundBytes);
  }

  async rewrite(values: Values, seq: number, atMs: number): Promise<void> {
    const text = Buffer.from(headLines(values, seq, atMs));
    const handle = await open(`${this.path}.new`, 'w+', 0o600);
    try {
      await writeAll(handle, text, 0);
      await handle.sync();
      await rename(`${this.path}.new`, this.path);
    } catch (error) {
      // Its room may be what others need; the old file is as it was.
      await handle.truncate(0).catch(() => undefined);
      await handle.close();
      throw error;
    }
    await this.close();
    this.handle = handle;
    this.bytes = this.bytesBefore = text.length;
    await syncFolder(dirname(this.path));
  }

  /** Adds a write. When it fails the file ends with the write before it, or is not usable. */
  async append(writes: Writes, seq: number, atMs: number, sync: boolean): Promise<void> {
    if (this.handle === null) throw new Error(`${this.path} is not open`);
    const text = Buffer.from(writeLine(writes, seq, atMs));
    const before = this.bytes;
    try {
      await writeAll(this.handle, text, before);
      if (sync) await this.handle.datasync();
    } catch (error) {
      // What a failed sync leaves on the disk is unknown: nothing is built on it.
      if (isFull(error)) await this.cut(before).catch(() => this.close());
      else await this.close();
      throw error;
    }
    this.bytesBefore = before;
    this.bytes = before + text.length;
  }

  /** Takes back what was appended last. */
  async undo(): Promise<void> {
    await this.cut(this.bytesBefore).catch(() => this.close());
  }

  async close(): Promise<void> {
    const { handle } = this;
    this.handle = null;
    await handle?.close();
  }

  private async cut(bytes: number): Promise<void> {
    await this.handle?.truncate(bytes);
    this.bytes = this.bytesBefore = bytes;
  }
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** Makes what was created or renamed in a folder survive the machine. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A disk that is nearly full takes a part, and says so by a count alone. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}
