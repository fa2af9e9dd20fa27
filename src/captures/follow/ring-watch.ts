import { closeSync, fstatSync, openSync, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { HeadReader } from '../../pcap/head-reader.js';
import { inOrder } from '../join/order-files.js';
import { readHead, type FileHead } from '../join/read-heads.js';
import { openFlags, readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import { familyOf, unpackedName } from './ring-family.js';

/**
 * Bytes at the start of a file by which a ring's next use of the same file is told: the first packet's time is in them.
 */
export const followHeadBytes = 4096;

/** One use of a file by a ring. */
export interface RingFile {
  /** Folder and name, as the user would name it. */
  readonly name: string;
  /** Open until left(). */
  readonly fd: number;
  /** Device and inode: a ring may use the same file again. */
  readonly key: string;
}

/** A file as it was at the last look. */
interface Known {
  readonly head: Buffer;
  readonly size: number;
  readonly mtimeMs: number;
  /** open: it is read, or will be. left: it was read to its end. copy: it is a packed copy of one that was. */
  readonly state: 'open' | 'left' | 'copy';
}

/** What a look at the ring has shown. */
export interface RingLook {
  /** New ones, in the order in which they are to be read. */
  readonly files: readonly RingFile[];
  /** Keys of open files that were written anew. */
  readonly rewritten: ReadonlySet<string>;
  /** Names of files that have got more bytes after they were left. */
  readonly late: readonly string[];
}

/** Sees which files of a ring are new: by their content, since names, inodes and whole files come again. */
export class RingWatch {
  /** By key; of files that are gone only the open ones. */
  private readonly known = new Map<string, Known>();
  private readonly open = new Set<RingFile>();
  /** Time of the first packet of what was read last under a name without its packing. */
  private readonly taken = new Map<string, string | null>();
  private readonly reader = new HeadReader(loadScanModule());

  constructor(
    private readonly folder: string,
    private readonly family: string,
  ) {}

  /** Looks at all files of the ring. */
  async look(): Promise<RingLook> {
    const found: { file: RingFile; head: FileHead }[] = [];
    const rewritten = new Set<string>();
    const late: string[] = [];
    const there = new Set<string>();
    // Unpacked ones first: a packed copy of one that is new too must be known for what it is.
    for (const entry of readdirSync(this.folder).sort(unpackedFirst)) {
      if (entry.startsWith('.') || familyOf(entry) !== this.family) continue;
      const path = join(this.folder, entry);
      const seen = statSync(path, { throwIfNoEntry: false });
      if (seen?.isFile() !== true) continue;
      const key = keyOf(seen);
      there.add(key);
      const known = this.known.get(key);
      if (known?.size === seen.size && known.mtimeMs === seen.mtimeMs) continue;
      const opened = openSame(path, key);
      if (opened === null) continue;
      const { fd, stats } = opened;
      const size = { size: stats.size, mtimeMs: stats.mtimeMs };
      if (known !== undefined && isSame(known, fd, stats)) {
        const head = known.state === 'open' ? readHeadBytes(fd, stats) : known.head;
        closeSync(fd);
        this.known.set(key, { ...known, ...size, head });
        if (known.state === 'left' && stats.size > known.size) late.push(path);
        continue;
      }
      const file = { name: path, fd, key };
      const head = await this.headOf(file);
      const copy = await this.isCopy(entry, head);
      if (copy !== 'no') {
        closeSync(fd);
        if (copy === 'yes') this.known.set(key, { head: Buffer.alloc(0), ...size, state: 'copy' });
        continue;
      }
      if (known?.state === 'open') rewritten.add(key);
      this.known.set(key, { head: readHeadBytes(fd, stats), ...size, state: 'open' });
      this.open.add(file);
      found.push({ file, head });
    }
    for (const [key, { state }] of this.known) if (state !== 'open' && !there.has(key)) this.known.delete(key);
    const ordered = inOrder(found.map(({ head }) => head));
    return { files: ordered.map((head) => found.find((each) => each.head === head)!.file), rewritten, late };
  }

  /** The start of a file up to its first packet. */
  async headOf({ name, fd }: RingFile): Promise<FileHead> {
    return { name, found: true, ...(await readHead({ fd, at: 0, sizeBytes: fstatSync(fd).size }, this.reader)) };
  }

  /** It was read up to here and is closed. */
  left(file: RingFile, firstNs: string | null): void {
    const stats = fstatSync(file.fd);
    const others = [...this.open].filter(({ key }) => key === file.key);
    // When it was written anew meanwhile, its key is that of the next use of it.
    if (others.length === 1)
      this.known.set(file.key, {
        head: readHeadBytes(file.fd, stats),
        size: stats.size,
        mtimeMs: stats.mtimeMs,
        state: 'left',
      });
    this.taken.set(unpackedName(file.name), firstNs);
    this.open.delete(file);
    closeSync(file.fd);
  }

  close(): void {
    for (const { fd } of this.open) closeSync(fd);
    this.open.clear();
    this.reader.close();
  }

  /** Whether it is what became of a file that was read or is open; later: it has no packet yet to tell it by. */
  private async isCopy(entry: string, head: FileHead): Promise<'yes' | 'no' | 'later'> {
    if (unpackedName(entry) === entry) return 'no';
    const name = join(this.folder, unpackedName(entry));
    const first = new Set<string | null>();
    for (const file of this.open) if (file.name === name) first.add((await this.headOf(file)).firstNs);
    if (this.taken.has(name)) first.add(this.taken.get(name)!);
    if (first.size === 0) return 'no';
    if (head.firstNs === null) return 'later';
    return first.has(head.firstNs) ? 'yes' : 'no';
  }
}

const keyOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

function unpackedFirst(a: string, b: string): number {
  const [one, other] = [a, b].map((name) => (unpackedName(name) === name ? 0 : 1));
  return one - other || (a < b ? -1 : 1);
}

/** Null: another file has this name by now, or none. */
function openSame(path: string, key: string): { readonly fd: number; readonly stats: Stats } | null {
  let fd: number;
  try {
    fd = openSync(path, openFlags);
  } catch {
    return null;
  }
  const stats = fstatSync(fd);
  if (keyOf(stats) === key) return { fd, stats };
  closeSync(fd);
  return null;
}

function readHeadBytes(fd: number, { size }: Stats): Buffer {
  return Buffer.from(readRange(fd, 0, Math.min(followHeadBytes, size)));
}

/** It goes on from what it was. */
function isSame({ head, size }: Known, fd: number, now: Stats): boolean {
  return now.size >= size && readRange(fd, 0, head.length).equals(head);
}
