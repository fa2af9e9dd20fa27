import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TriremeError } from '../../common/errors.js';
import { setAsideMax } from '../limits.js';

/** Files of a folder that opening it may change or remove. */
const changedByOpening = ['db', 'journal', 'witness'] as const;

/**
 * Where evidence of damage goes, so that nothing is deleted that somebody could still make sense of: DIR/set-aside, a folder for each
 * start that found some. LevelDB removes files as it is opened, also such as it cannot read; so all that it has is
 * linked there before, and the links are taken away again when nothing was wrong.
 */
export class SetAside {
  private readonly root: string;
  private readonly pending: string;
  /** Where the evidence of this start lies; null: there is none. */
  private kept: string | null = null;
  private settled = false;

  constructor(
    private readonly place: string,
    /** Of this start, unlike every other one's. */
    private readonly name: string,
  ) {
    this.root = join(place, 'set-aside');
    this.pending = join(this.root, `pending-${name}`);
  }

  get folder(): string | null {
    return this.kept;
  }

  /** Keeps what lies there now, whatever opening it does. */
  async hold(): Promise<void> {
    for (const name of changedByOpening) {
      if (name !== 'db') await linked(join(this.place, name), join(this.pending, name));
      else
        for (const file of await names(join(this.place, name)))
          await linked(join(this.place, name, file), join(this.pending, name, file));
    }
  }

  /** Puts back what was held: the start is refused, and nothing is to have changed. */
  async restore(): Promise<void> {
    for (const name of changedByOpening) {
      const path = join(this.place, name);
      await rename(path, join(this.pending, `${name}.opened`)).catch(ifThere);
      await rename(join(this.pending, name), path).catch(ifThere);
    }
    await this.letGo();
  }

  /** Lets go of what was held: it was not touched, or nothing was wrong with it. */
  async letGo(): Promise<void> {
    await rm(this.pending, { recursive: true, force: true });
    await removeIfEmpty(this.root);
  }

  /** @throws TriremeError STATE_FAILED when evidence would have to be added and there is too much */
  async checkRoom(): Promise<void> {
    const kept = (await names(this.root)).filter((name) => !name.startsWith('pending-'));
    if (kept.length < setAsideMax) return;
    throw new TriremeError(
      'STATE_FAILED',
      `--state ${this.place} is damaged again, and ${this.root} holds the evidence of ${kept.length} earlier starts (at most ` +
        `setAsideMax = ${setAsideMax}): look through it and move it away`,
    );
  }

  /** Moves a file or folder of the place to the evidence of this start. */
  async add(path: string): Promise<void> {
    if (this.settled && this.kept === null) await this.keep();
    const to = join(this.kept ?? this.pending, path);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await rename(join(this.place, path), to);
  }

  /** The start is over. @param wrong something was found wrong, so what was held is kept */
  async settle(wrong: boolean): Promise<void> {
    if (wrong) await this.keep();
    else await this.letGo();
    // What a start held that was killed before it was over: evidence if this one found something, and the same files if not.
    for (const name of await names(this.root)) {
      if (!name.startsWith('pending-')) continue;
      if (wrong) await rename(join(this.root, name), join(this.root, `${this.name}-${name}`)).catch(ifThere);
      else await rm(join(this.root, name), { recursive: true, force: true });
    }
    await removeIfEmpty(this.root);
    this.settled = true;
  }

  /** The start did not come to its end, or all is over. */
  async end(wrong: boolean): Promise<void> {
    if (!this.settled) await this.settle(wrong);
  }

  private async keep(): Promise<void> {
    await mkdir(this.pending, { recursive: true, mode: 0o700 });
    const to = join(this.root, this.name);
    await rename(this.pending, to);
    this.kept = to;
    // The journal goes on in the same file: the evidence gets one of its own.
    const journal = join(to, 'journal');
    if (!(await names(to)).includes('journal')) return;
    await copyFile(journal, `${journal}.copy`);
    await rename(`${journal}.copy`, journal);
  }
}

/** A second name for a file, or a copy where the file system has no such names. */
async function linked(from: string, to: string): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(code ?? '')) throw error;
    await copyFile(from, to);
  }
}

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    ifThere(error);
    return [];
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  if ((await names(folder)).length === 0) await rm(folder, { recursive: true, force: true });
}

/** @throws the error, unless it says that nothing is there */
function ifThere(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
