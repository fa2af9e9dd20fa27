import { readFileSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateProbeBytes } from '../limits.js';
import { factsOf, lineOf } from './journal-lines.js';

/** What a third file says of a folder, beside its two copies: whether both lost their end, and how its last master ended. */
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

export class Witness {
  private readonly path: string;
  readonly boot = bootId();

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
    const facts = factsOf(text.replace(/\n$/, '')) as WitnessFacts | undefined;
    return Number.isSafeInteger(facts?.seq) ? (facts as WitnessFacts) : 'damaged';
  }

  async write(seq: number, open: boolean): Promise<void> {
    const facts: WitnessFacts = { seq, atMs: Date.now(), boot: this.boot, open };
    await writeFile(`${this.path}.new`, lineOf(facts), { mode: 0o600 });
    await rename(`${this.path}.new`, this.path);
  }

  /** Writes something that needs room of its own, and takes it away. @throws what the disk says when it cannot be written */
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
