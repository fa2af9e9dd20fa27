import { readFileSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { factsOf, lineOf } from './journal-lines.js';

/**
 * Bytes of a try whether a store can be written: a record and its place in the journal; a disk that has no room for
 * them takes no analysis.
 */
const stateProbeBytes = 16 * 1024;

/**
 * What a third file says of a folder, beside its two copies: whether both lost their end, and how its last master
 * ended.
 */
export interface WitnessFacts {
  /** Number of the last write. */
  readonly seq: number;
  /** What the clock showed: ms since 1970. */
  readonly atMs: number;
  /** The run of the machine (boot_id of the kernel); empty: unknown. */
  readonly boot: string;
  /** A master has the folder open, or was killed. */
  readonly open: boolean;
}

/**
 * Bytes of the file: always as many, so that it is written over in place, also on a full disk, and never torn by a
 * kill.
 */
const witnessBytes = 256;

/**
 * The file of the witness. It is not synced: it outlives a kill, and of a machine that stops the copies tell
 * themselves.
 */
export class Witness {
  readonly boot = bootId();
  private readonly path: string;
  private handle: FileHandle | null = null;

  constructor(private readonly place: string) {
    this.path = join(place, 'witness');
  }

  /** Null: there is none. */
  async read(): Promise<WitnessFacts | 'damaged' | null> {
    let text: string;
    try {
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const facts = factsOf(text.trimEnd()) as WitnessFacts | undefined;
    return Number.isSafeInteger(facts?.seq) ? (facts as WitnessFacts) : 'damaged';
  }

  /** A file of its own from here on: the one that was found may be evidence. */
  async begin(seq: number): Promise<void> {
    const handle = await open(`${this.path}.new`, 'w', 0o600);
    this.handle = handle;
    await this.write(seq, true);
    await rename(`${this.path}.new`, this.path);
  }

  async write(seq: number, stillOpen: boolean): Promise<void> {
    const facts: WitnessFacts = { seq, atMs: Date.now(), boot: this.boot, open: stillOpen };
    const line = lineOf(facts).trimEnd();
    await this.handle?.write(`${line.padEnd(witnessBytes - 1)}\n`, 0);
  }

  async close(): Promise<void> {
    await this.handle?.close();
    this.handle = null;
  }

  /**
   * Writes something that needs room of its own, and takes it away. @throws what the disk says when it cannot be
   * written
   */
  async probe(): Promise<void> {
    const path = join(this.place, 'probe');
    try {
      await writeFile(path, Buffer.alloc(stateProbeBytes), { mode: 0o600 });
    } finally {
      await rm(path, { force: true });
    }
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
