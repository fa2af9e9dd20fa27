import type { ClassicLevel } from 'classic-level';
import { TriremeError } from '../../common/errors.js';
import type { Writes } from './content-sum.js';

/** LevelDB in a folder, as it is: what it does wrong is for its owner to see. */
export class LevelDb {
  private readonly db: ClassicLevel<string, string>;

  constructor(
    readonly folder: string,
    private readonly shownAs: string,
  ) {
    // Loaded here: only a master with a state directory needs it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { ClassicLevel } = require('classic-level') as typeof import('classic-level');
    this.db = new ClassicLevel<string, string>(folder, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  }

  /**
   * Opens it and reads all that it holds.
   * @throws TriremeError STATE_FAILED when it is held by another or the disk cannot be used; LevelDamage when it is
   * damaged
   */
  async open(): Promise<Map<string, Buffer>> {
    try {
      await this.db.open();
      const values = new Map<string, Buffer>();
      for await (const [key, value] of this.db.iterator<string, Buffer>({ valueEncoding: 'buffer' })) {
        values.set(key, value);
      }
      return values;
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** All or nothing. @param sync resolves only once it would survive the machine */
  async write(writes: Writes, sync: boolean): Promise<void> {
    try {
      const operations = [...writes].map(([key, value]) =>
        value === null ? { type: 'del' as const, key } : { type: 'put' as const, key, value },
      );
      await this.db.batch(operations, { sync });
    } catch (error) {
      throw this.explain(error);
    }
  }

  async close(): Promise<void> {
    await this.db.close();
  }

  private explain(caught: unknown): TriremeError {
    const error = caught as Error & { code?: string; cause?: Error & { code?: string } };
    const { code = error.code, message = error.message } = error.cause ?? {};
    if (code === 'LEVEL_LOCKED') {
      return new TriremeError(
        'STATE_FAILED',
        `--state ${this.shownAs} is held by another master: give each a directory of its own, or let them share one by ` +
          `--state nats://...`,
        { cause: caught },
      );
    }
    // It may quote what it found in a file.
    const reason = message
      .replaceAll(`${this.folder}/`, '')
      .replace(/[^\x20-\x7e]+/g, '?')
      .slice(0, reasonCharactersMax);
    return diskTroubles.test(reason)
      ? new TriremeError('STATE_FAILED', `--state ${this.shownAs} cannot be used: ${reason}`, { cause: caught })
      : new LevelDamage(reason, caught);
  }
}

/** Characters of LevelDB's own words in an error: they fit a line. */
const reasonCharactersMax = 160;

/** What a disk says that cannot be used now, and that tells nothing of what is stored on it. */
const diskTroubles =
  /No space left|File too large|quota exceeded|Read-only file system|Permission denied|Too many open files|Input\/output error|Cannot allocate memory/i;

/** LevelDB cannot read what it holds. */
export class LevelDamage extends TriremeError {
  constructor(
    readonly reason: string,
    cause: unknown,
  ) {
    super('STATE_FAILED', `its db cannot be read: ${reason}`, { cause });
  }
}
