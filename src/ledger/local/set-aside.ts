import { copyFile, link, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TriremeError } from '../../common/errors.js';

/**
 * Folders of evidence of damage below set-aside: past it a start that finds more is refused, because nothing is
 * deleted.
 */
export const setAsideMax = 100;

/** Files of a folder that opening it may change or remove. */
const changedByOpening = ['db', 'journal', 'witness'] as const;

/**
 * Where evidence of damage goes, so that nothing is deleted that somebody could still make sense of: DIR/set-aside, a
 * folder for each start that found some. LevelDB removes files as it is opened, also such as it cannot read; so all
 * that it has is linked there before, and the links are taken away again when nothing was wrong.
 */
export class SetAside {
  private readonly root: string;
  /** Where it lies: a folder that counts as evidence once it is kept. */
  private at: string;
  private kept = false;
  private settled = false;
  /** Evidence was found and there was no room for it, so nothing may change. */
  private full = false;

  constructor(
    private readonly place: string,
    /** Of this start, unlike every other one's. */
    private readonly name: string,
  ) {
    this.root = join(place, 'set-aside');
    this.at = join(this.root, `pending-${name}`);
  }

  /** Where the evidence of this start lies; null: there is none. */
  get folder(): string | null {
    return this.kept ? this.at : null;
  }

  /** Keeps what lies there now, whatever opening it does. */
  async hold(): Promise<void> {
    for (const file of await names(join(this.place, 'db'))) {
      await held(join(this.place, 'db', file), join(this.at, 'db', file), link);
    }
    // These are written in place: a second name would go on with them.
    for (const name of ['journal', 'witness']) await held(join(this.place, name), join(this.at, name), copyFile);
  }

  /** Puts back what was held: the start is refused, and nothing is to have changed. */
  async restore(): Promise<void> {
    for (const name of changedByOpening) {
      const path = join(this.place, name);
      await rename(path, join(this.at, `${name}.opened`)).catch(ifThere);
      await rename(join(this.at, name), path).catch(ifThere);
    }
    await this.letGo();
  }

  /** Lets go of what was held: it was not touched, or nothing was wrong with it. */
  async letGo(): Promise<void> {
    await rm(this.at, { recursive: true, force: true });
    await removeIfEmpty(this.root);
  }

  /**
   * Something was found wrong: what was held is evidence from now on, also if this start is killed.
   * @throws TriremeError STATE_FAILED when there is too much evidence already
   */
  async keep(): Promise<void> {
    if (this.kept) return;
    const kept = (await names(this.root)).filter((name) => !name.startsWith('pending-'));
    if (kept.length >= setAsideMax) {
      this.full = true;
      throw new TriremeError(
        'STATE_FAILED',
        `--state ${this.place} is damaged again, and ${this.root} holds the evidence of ${kept.length} earlier starts (at ` +
          `most setAsideMax = ${setAsideMax}): look through it and move it away`,
      );
    }
    await mkdir(this.at, { recursive: true, mode: 0o700 });
    const to = join(this.root, this.name);
    await rename(this.at, to);
    this.at = to;
    this.kept = true;
  }

  /** Moves a file or folder of the place to the evidence of this start. */
  async add(path: string): Promise<void> {
    await this.keep();
    const to = join(this.at, path);
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await rename(join(this.place, path), to);
  }

  /** The start is over: what was held is let go, unless it is kept. */
  async settle(): Promise<void> {
    if (!this.kept) await this.letGo();
    // What a start held that was killed before it was over: evidence if this one found something, and the same files if
    // not.
    for (const name of await names(this.root)) {
      if (!name.startsWith('pending-')) continue;
      if (this.kept) await rename(join(this.root, name), join(this.root, `${this.name}-${name}`)).catch(ifThere);
      else await rm(join(this.root, name), { recursive: true, force: true });
    }
    await removeIfEmpty(this.root);
    this.settled = true;
  }

  /** All is over, or the start did not come to its end; nobody has the files open any more. */
  async end(): Promise<void> {
    if (this.settled) return;
    if (this.full) await this.restore();
    else await this.settle();
  }
}

/** A second name for a file, or a copy; a copy where the file system has no second names. Nothing: no file is there. */
async function held(from: string, to: string, how: (from: string, to: string) => Promise<void>): Promise<void> {
  try {
    await mkdir(dirname(to), { recursive: true, mode: 0o700 });
    await how(from, to);
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
