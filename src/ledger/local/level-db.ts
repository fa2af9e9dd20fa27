import type { ClassicLevel } from 'classic-level';
import { TriremeError } from '../../common/errors.js';
import { reopenIntervalMs } from '../limits.js';

type Db = ClassicLevel<string, Uint8Array>;
/** Null removes the key. */
export type Writes = ReadonlyMap<string, Uint8Array | null>;

/**
 * LevelDB that outlives a full disk. LevelDB refuses every write after one has failed, until it is opened again; that
 * is tried at the next write, and what had failed goes with it.
 */
export class LevelDb {
  private readonly db: Db;
  /** Writes that failed, for the next one to take along. Bounded by the records that exist. */
  private readonly failed = new Map<string, Uint8Array | null>();
  private brokenAtMs = 0;
  private broken: string | null = null;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    private readonly shownAs: string,
  ) {
    // Loaded here: only a master with a state directory needs it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { ClassicLevel } = require('classic-level') as typeof import('classic-level');
    this.db = new ClassicLevel<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' });
  }

  get trouble(): string | null {
    return this.broken;
  }

  /** @throws TriremeError STATE_FAILED that says what is wrong with it */
  async open(): Promise<void> {
    try {
      await this.db.open();
    } catch (error) {
      throw this.explain(error);
    }
  }

  async *entries(prefix: string): AsyncGenerator<[string, Uint8Array]> {
    try {
      yield* this.db.iterator({ gte: prefix, lt: `${prefix}\uffff` });
    } catch (error) {
      throw this.explain(error);
    }
  }

  /** All or nothing, one after another. Keys in `kept` are tried again when they fail, whatever the caller does. */
  write(writes: Writes, sync: boolean, kept = false): Promise<void> {
    const turn = this.last.then(() => this.writeNow(writes, sync, kept));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.last;
    await this.db.close();
  }

  private async writeNow(writes: Writes, sync: boolean, kept: boolean): Promise<void> {
    const all = new Map([...this.failed, ...writes]);
    try {
      if (this.broken !== null) await this.openAgain();
      const operations = [...all].map(([key, value]) =>
        value === null ? { type: 'del' as const, key } : { type: 'put' as const, key, value },
      );
      await this.db.batch(operations, { sync });
      this.failed.clear();
      this.broken = null;
    } catch (error) {
      if (kept) for (const [key, value] of writes) this.failed.set(key, value);
      if (this.broken === null) this.brokenAtMs = performance.now();
      const ours = error instanceof TriremeError ? error : this.explain(error);
      this.broken = ours.message;
      throw ours;
    }
  }

  private async openAgain(): Promise<void> {
    if (performance.now() - this.brokenAtMs < reopenIntervalMs) {
      throw new TriremeError('STATE_FAILED', this.broken as string);
    }
    this.brokenAtMs = performance.now();
    await this.db.close();
    await this.db.open();
  }

  private explain(caught: unknown): TriremeError {
    const error = caught as Error & { code?: string; cause?: Error & { code?: string } };
    const { code = error.code, message = error.message } = error.cause ?? {};
    const said = (words: string): TriremeError => new TriremeError('STATE_FAILED', words, { cause: caught });
    if (code === 'LEVEL_LOCKED') {
      return said(
        `--state ${this.shownAs} is held by another master: give each a directory of its own, or let them share one by ` +
          `--state nats://...`,
      );
    }
    const reason = message.replaceAll(`${this.folder}/`, '');
    if (code === 'LEVEL_CORRUPTION') return damaged(this.shownAs, reason);
    return said(`--state ${this.shownAs} cannot be used: ${reason}`);
  }
}

export function damaged(shownAs: string, reason: string): TriremeError {
  return new TriremeError(
    'STATE_FAILED',
    `--state ${shownAs} is damaged: ${reason}; move it away to begin with an empty one (what it knew is then lost)`,
  );
}
