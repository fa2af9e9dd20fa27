import { closeSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { unwritable } from '../../common/unwritable.js';
import { RecordReader, type PacketRecord, type RecordVisitor } from '../../pcap/records/record-reader.js';
import { splitKeys, type SplitBy } from '../../pcap/records/split-key.js';

/**
 * Files that are open at once: one that is needed again is opened again. Half of what a process may open as a
 * rule (1,024).
 */
export const splitOpenMax = 512;
/** Files of one extraction at most: more than a folder is good for is a mistake. */
export const splitFilesMax = 65_536;
/** Bytes that wait to be written, over all files. */
export const splitHeldBytesMax = 32 * 1024 * 1024;
/** Bytes of a file that are written at once. */
const writeBytes = 64 * 1024;
/** Bytes of blocks that are no packets, which each file of a pcapng capture begins with. */
const headBytesMax = 64 * 1024 * 1024;

interface Part {
  readonly key: string;
  readonly path: string;
  fd: number | null;
  held: Uint8Array[];
  heldBytes: number;
  /** Bytes that it has got. */
  bytes: number;
  /** Of the capture's heads and blocks, how many it has. */
  heads: number;
}

/**
 * Writes a capture into many files, by packet: each with the header, or in pcapng with all blocks that stood
 * before its packets. The files have their names, `NAME-KEY.EXTENSION`, once all are complete.
 */
export class SplitOut implements RecordVisitor {
  private readonly reader = new RecordReader(this);
  private readonly heads: Uint8Array[] = [];
  private headBytes = 0;
  private readonly parts = new Map<string, Part>();
  /** The parts that are open, the one that was written to last at the end. */
  private readonly open = new Set<Part>();
  private heldBytes = 0;
  private numbered = 0;
  private current: Part | null = null;

  constructor(
    private readonly name: string,
    private readonly split: SplitBy,
    /** Smaller in tests. */
    private readonly openMax = splitOpenMax,
    private readonly filesMax = splitFilesMax,
    private readonly heldMax = splitHeldBytesMax,
  ) {}

  /** Files so far. */
  get files(): number {
    return this.parts.size;
  }

  /** @throws TriremeError FILE_UNWRITABLE, LIMIT_REACHED */
  write(bytes: Uint8Array): undefined {
    this.reader.push(bytes);
    return undefined;
  }

  other(bytes: Uint8Array): void {
    this.headBytes += bytes.length;
    if (this.headBytes > headBytesMax)
      throw new TriremeError(
        'LIMIT_REACHED',
        `the blocks that are no packets are over ${headBytesMax} bytes, the most that each file can begin with: add --pcap`,
      );
    this.heads.push(Uint8Array.from(bytes));
  }

  packet(packet: PacketRecord): void {
    if (this.split.by === 'size') return this.add(this.partOfSize(packet.record.length, this.split.bytes), packet);
    for (const key of splitKeys(this.split, packet)) this.add(this.parts.get(key) ?? this.begin(key), packet);
  }

  /** All is written: the files get their names. */
  complete(): void {
    this.reader.end();
    for (const part of this.parts.values()) {
      this.flush(part);
      this.close(part);
    }
    for (const part of this.parts.values()) this.attempt(part, () => renameSync(partial(part.path), part.path));
    this.parts.clear();
  }

  /** Nothing stays, unless it was completed. */
  discard(): void {
    for (const part of this.parts.values()) {
      this.close(part);
      rmSync(partial(part.path), { force: true });
    }
    this.parts.clear();
  }

  private add(part: Part, { record }: PacketRecord): void {
    while (part.heads < this.heads.length) this.hold(part, this.heads[part.heads++]);
    this.hold(part, Uint8Array.from(record));
    if (part.heldBytes >= writeBytes) this.flush(part);
    if (this.heldBytes >= this.heldMax) for (const each of this.parts.values()) this.flush(each);
  }

  private hold(part: Part, bytes: Uint8Array): void {
    part.held.push(bytes);
    part.heldBytes += bytes.length;
    part.bytes += bytes.length;
    this.heldBytes += bytes.length;
  }

  /** The file that is written to, or the next one when the packet would make it too long. */
  private partOfSize(recordBytes: number, bytesMax: number): Part {
    if (this.current === null || (this.current.bytes > 0 && this.current.bytes + recordBytes > bytesMax))
      this.current = this.begin(String(++this.numbered).padStart(5, '0'));
    return this.current;
  }

  private begin(key: string): Part {
    if (this.parts.size >= this.filesMax)
      throw new TriremeError(
        'LIMIT_REACHED',
        `--split-by needs more than ${this.filesMax} files: narrow the packets with --filter, or split by something coarser`,
      );
    const extension = extname(this.name);
    const path = join(dirname(this.name), `${basename(this.name, extension)}-${key}${extension}`);
    const part: Part = { key, path, fd: null, held: [], heldBytes: 0, bytes: 0, heads: 0 };
    this.attempt(part, () => {
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new Error('is no regular file');
    });
    this.parts.set(key, part);
    // What an earlier process of this number left is not added to.
    this.openPart(part, 'w');
    return part;
  }

  private flush(part: Part): void {
    if (part.heldBytes === 0) return;
    const bytes = Buffer.concat(part.held);
    this.heldBytes -= part.heldBytes;
    part.held = [];
    part.heldBytes = 0;
    const fd = this.openPart(part, 'a');
    this.attempt(part, () => {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
    });
  }

  private openPart(part: Part, flags: 'a' | 'w'): number {
    this.open.delete(part);
    if (part.fd === null) {
      if (this.open.size >= this.openMax) this.close(this.open.values().next().value!);
      this.attempt(part, () => (part.fd = openSync(partial(part.path), flags, 0o666)));
    }
    this.open.add(part);
    return part.fd!;
  }

  private close(part: Part): void {
    if (part.fd !== null) closeSync(part.fd);
    part.fd = null;
    this.open.delete(part);
  }

  private attempt(part: Part, work: () => void): void {
    try {
      work();
    } catch (error) {
      throw unwritable('-w', part.path, error);
    }
  }
}

/** Where a file is written before it is complete. */
function partial(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}.part`);
}
