import type { FileHandle } from 'node:fs/promises';
import type { CaptureAccess } from '../captures/capture-access.js';
import { joinHandlesMax } from './limits.js';
import type { JoinedPart } from './open-join.js';

/** Reads the files of a joined capture for workers that do not see them: a few are open at once, the last ones read. */
export class PartReader {
  /** Those that lie in files of their own, by where they begin. */
  private readonly parts: readonly JoinedPart[];
  private readonly handles = new Map<JoinedPart, Promise<FileHandle>>();
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

  /** Fills `data`, which lies within one file, and returns how many bytes there were. */
  async read(data: Buffer, position: number): Promise<number> {
    if (position < this.listBytes) return (await this.list?.read(data, 0, data.length, position))?.bytesRead ?? 0;
    const part = this.partAt(position);
    if (part === undefined) return 0;
    const handle = await this.handleOf(part);
    let done = 0;
    while (done < data.length) {
      const { bytesRead } = await handle.read(data, done, data.length - done, position - part.offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  close(): void {
    this.closed = true;
    for (const part of [...this.handles.keys()]) this.drop(part);
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

  private handleOf(part: JoinedPart): Promise<FileHandle> {
    const known = this.handles.get(part);
    // Put last: the first is the one that was not read for the longest time.
    this.handles.delete(part);
    const handle = known ?? this.access.open(part.path).then((opened) => opened.handle);
    this.handles.set(part, handle);
    handle.catch(() => this.handles.delete(part));
    if (this.closed) this.drop(part);
    for (const oldest of this.handles.keys()) {
      if (this.handles.size <= this.handlesMax) break;
      this.drop(oldest);
    }
    return handle;
  }

  private drop(part: JoinedPart): void {
    const handle = this.handles.get(part);
    this.handles.delete(part);
    // A read that still uses it ends with an error, and its range is asked for again.
    handle?.then((opened) => opened.close()).catch(() => undefined);
  }
}
