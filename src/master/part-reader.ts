import type { FileHandle } from 'node:fs/promises';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { TriremeError } from '../common/errors.js';
import type { JoinedPart } from './open-join.js';

/**
 * Files of a joined capture that are open for workers that do not see them: more than ranges that are read in turns.
 */
const joinHandlesMax = 128;

interface OpenPart {
  readonly handle: Promise<FileHandle>;
  /** Reads under way: meanwhile it is not closed. */
  reads: number;
}

/** Reads the files of a joined capture for workers that do not see them: a few are open at once, the last ones read. */
export class PartReader {
  /** Those that lie in files of their own, by where they begin. */
  private readonly parts: readonly JoinedPart[];
  private readonly open = new Map<JoinedPart, OpenPart>();
  private closed = false;

  constructor(
    private readonly access: CaptureAccess,
    /** The upload; null: it is elsewhere, and holds no file. */
    private readonly list: FileHandle | null,
    private readonly listBytes: number,
    parts: readonly JoinedPart[],
    private readonly handlesMax = joinHandlesMax,
  ) {
    this.parts = parts.filter(({ path }) => path !== '').sort((a, b) => a.offset - b.offset);
  }

  /**
   * Fills `data`, which lies within one file, and returns how many bytes there were.
   * @throws TriremeError FILE_UNREADABLE, FILE_CHANGED or FILE_SILENT, of that file alone and by its name
   */
  async read(data: Buffer, position: number): Promise<number> {
    if (position < this.listBytes) return (await this.list?.read(data, 0, data.length, position))?.bytesRead ?? 0;
    const part = this.partAt(position);
    if (part === undefined) return 0;
    const wanted = data.subarray(0, Math.max(0, part.offset + part.sizeBytes - position));
    const open = this.openPart(part);
    open.reads++;
    try {
      await this.fill(wanted, await open.handle, part, position - part.offset);
      return wanted.length;
    } catch (error) {
      throw ofPart(error, part);
    } finally {
      open.reads--;
      this.dropIdle();
    }
  }

  /** Name of the file that is at a position; undefined: it is in the upload. */
  nameAt(position: number): string | undefined {
    return position < this.listBytes ? undefined : this.partAt(position)?.name;
  }

  close(): void {
    this.closed = true;
    this.dropIdle();
  }

  private async fill(data: Buffer, handle: FileHandle, { name, sizeBytes }: JoinedPart, at: number): Promise<void> {
    for (let done = 0; done < data.length;) {
      const { bytesRead } = await handle.read(data, done, data.length - done, at + done);
      if (bytesRead === 0)
        throw new TriremeError('FILE_CHANGED', `${name}: had ${sizeBytes} bytes and has ${at + done} now`);
      done += bytesRead;
    }
  }

  private partAt(position: number): JoinedPart | undefined {
    let low = 0;
    let high = this.parts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.parts[middle].offset <= position) low = middle;
      else high = middle - 1;
    }
    return this.parts[low];
  }

  private openPart(part: JoinedPart): OpenPart {
    const known = this.open.get(part);
    // Put last: the first is the one that was not read for the longest time.
    this.open.delete(part);
    const open = known ?? { handle: this.access.open(part.path).then(({ handle }) => handle), reads: 0 };
    this.open.set(part, open);
    open.handle.catch(() => this.open.delete(part));
    return open;
  }

  /** Closes what nobody reads, down to as many as may be open. */
  private dropIdle(): void {
    const most = this.closed ? 0 : this.handlesMax;
    for (const [part, { handle, reads }] of this.open) {
      if (this.open.size <= most) return;
      if (reads > 0) continue;
      this.open.delete(part);
      handle.then((opened) => opened.close()).catch(() => undefined);
    }
  }
}

/** What went wrong with a file, by the name that its user knows. */
export function ofPart(caught: unknown, { name, path }: Pick<JoinedPart, 'name' | 'path'>): TriremeError {
  const error = TriremeError.from(caught);
  if (error.code === 'INTERNAL')
    return new TriremeError('FILE_UNREADABLE', `${name}: cannot be read: ${error.message}`, { cause: caught });
  return new TriremeError(
    error.code,
    error.message.replace(path, () => name),
    { cause: error.cause },
  );
}
