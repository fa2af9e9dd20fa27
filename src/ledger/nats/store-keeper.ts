import { randomBytes } from 'node:crypto';
import type { Logger } from '../../common/logging.js';
import { lossBetween, type NatsStore, type StreamFacts } from './nats-store.js';
import { isConflict, type NatsLink } from '../../nats/nats-link.js';
import { settleMs } from './lease-times.js';

/** So often a master looks whether the buckets are there, can be written, and still hold what was acknowledged. */
const checkMs = 2_000;

/** What was lost is written again within this time by whoever knows it: they look, and look again after settleMs. */
export const rewrittenMsMax = settleMs + 2 * checkMs;

/** Keys of marks begin so; those of analyses are hexadecimal. */
const markPrefix = 'mark.';

export const isMark = (key: string): boolean => key.startsWith(markPrefix);

/** What was acknowledged may be gone. */
export interface Loss {
  /** Why that is believed. */
  readonly why: string;
  /** It is gone for certain: messages of the queue that are held count no more. */
  readonly certain: boolean;
  /** Milliseconds since it was noticed. */
  readonly waitedMs: number;
}

/**
 * Looks every checkMs whether NATS is as it was. Streams that are gone are made anew. A mark is written, each time on
 * top of the one before: a mark that is gone, or older, tells that NATS has lost writes that it had acknowledged. After
 * that, and whenever NATS was away, `mend` is called until it says that all is well.
 */
export class StoreKeeper {
  /** Why the buckets cannot be used at the moment, or null. */
  trouble: string | null = null;
  private readonly key = `${markPrefix}${randomBytes(8).toString('hex')}`;
  private markRevision = 0;
  private marks = 0;
  private before: ReadonlyMap<string, StreamFacts> = new Map();
  private suspicion: { why: string; certain: boolean; readonly sinceMs: number } | null = null;
  private mendedMs = -Infinity;
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;
  private ended = false;

  constructor(
    private readonly store: NatsStore,
    private readonly link: NatsLink,
    private readonly mend: (loss: Loss) => Promise<boolean>,
    private readonly log: Logger,
  ) {}

  /** The first look. @throws what NATS says against it */
  async open(): Promise<void> {
    this.before = (await this.store.ensure()).streams;
    await this.mark();
    await this.mend({ why: 'a master starts', certain: false, waitedMs: 0 });
    this.again();
  }

  /** Monotonic ms at which what is being mended was noticed; null: all is well. */
  get mendingSinceMs(): number | null {
    return this.suspicion?.sinceMs ?? null;
  }

  /** Milliseconds since there was nothing to mend any more; 0: there is. */
  get wellForMs(): number {
    return this.suspicion === null ? performance.now() - this.mendedMs : 0;
  }

  /** Something is not as it should be: looks at once. */
  suspect(why: string, certain = false): void {
    if (this.ended) return;
    if (certain && this.suspicion?.certain !== true) this.log.warn({ why }, 'NATS has lost what it had acknowledged');
    this.suspicion = {
      why: this.suspicion?.why ?? why,
      certain: certain || this.suspicion?.certain === true,
      sinceMs: this.suspicion?.sinceMs ?? performance.now(),
    };
    void this.look();
  }

  /** Looks now, or waits for the look that is under way. */
  look(): Promise<void> {
    return (this.looking ??= this.lookNow().finally(() => {
      this.looking = null;
      this.again();
    }));
  }

  /** Looks no more, and takes its mark away. */
  async end(): Promise<void> {
    this.ended = true;
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.link.trouble === null) await this.store.records.purge(this.key).catch(() => undefined);
  }

  private again(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.ended) return;
    this.timer = setTimeout(() => void this.look(), checkMs);
    this.timer.unref();
  }

  private async lookNow(): Promise<void> {
    // Told when it is back.
    if (this.ended || this.link.trouble !== null) return;
    try {
      const { made, streams } = await this.store.ensure();
      const why = made.length > 0 ? `${made.join(', ')}: not there` : lossBetween(this.before, streams);
      this.before = streams;
      const kept = await this.mark();
      if (why !== null || !kept) this.suspect(why ?? 'the mark of this master is gone, or older than it was', true);
      await this.mendAll();
      this.tell(null);
    } catch (error) {
      if (this.ended || this.link.trouble !== null) return;
      this.tell(this.link.explain(error));
      // Whoever leads next may know less.
      this.suspicion ??= { why: 'NATS could not be used', certain: false, sinceMs: performance.now() };
    }
  }

  private async mendAll(): Promise<void> {
    const { suspicion } = this;
    if (suspicion === null) return;
    const { why, certain, sinceMs } = suspicion;
    const done = await this.mend({ why, certain, waitedMs: performance.now() - sinceMs });
    if (!done || this.suspicion !== suspicion) return;
    this.suspicion = null;
    this.mendedMs = performance.now();
  }

  private tell(trouble: string | null): void {
    if (trouble === this.trouble) return;
    this.trouble = trouble;
    if (trouble === null) this.log.info('the buckets at NATS can be used again');
    else this.log.warn({ trouble }, 'the buckets at NATS cannot be used; what runs goes on');
  }

  /** @returns whether the mark was there as it was written last */
  private async mark(): Promise<boolean> {
    const { records } = this.store;
    const last = String(this.marks++);
    const next = String(this.marks);
    try {
      this.markRevision = await (this.markRevision === 0
        ? records.put(this.key, next)
        : records.update(this.key, next, this.markRevision));
      return true;
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
    const there = await records.get(this.key);
    this.markRevision = await records.put(this.key, next);
    // An earlier write may have come through although its answer did not.
    return there !== null && there.string() === last;
  }
}
