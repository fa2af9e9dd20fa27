import { crc32 } from 'node:zlib';
import { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import {
  analysesQueuedMax,
  isFinal,
  type AnalysisRecord,
  type Lease,
  type Ledger,
  type NewAnalysis,
  type Outcome,
} from '../types.js';
import { expired, overdue, pruneIntervalMs, type RetentionBounds } from '../retention.js';
import { PatientClock } from '../patient-clock.js';
import { RecordBook } from '../record-book.js';
import { ended, resultDamaged, resultRestored, submitted, taken } from '../transitions.js';
import { LocalLease, type LocalLeaseOwner } from './local-lease.js';
import type { LocalStore } from './local-store.js';

/** Results that are read whole before a start is over; the others are read after it. About a second of a slow disk. */
const resultsCheckedBytesMax = 256 * 2 ** 20;

/** A clock that jumped ahead is believed after this time of running, or after --keep where that is shorter. */
const clockTrustMs = 3_600_000;

/** A ledger of one process: records in memory, and in a store what must outlive it. */
export class LocalLedger implements Ledger, LocalLeaseOwner {
  readonly shared = false;
  private readonly book = new RecordBook();
  /** Ids that wait for a master, the longest-waiting first. */
  private readonly waiting: string[] = [];
  private readonly leases = new Map<string, LocalLease>();
  private readonly chunkKeys = new Map<string, Set<string>>();
  /** Results that could not be written: kept for those who ask while this process lives. */
  private readonly unwritten = new Map<string, Uint8Array>();
  private wake: (() => void) | null = null;
  private clock: PatientClock;
  private closed = false;
  private readonly pruneTimer: NodeJS.Timeout;

  private constructor(
    readonly store: LocalStore,
    private readonly holder: string,
    private readonly retention: RetentionBounds,
    private readonly log: Logger,
  ) {
    this.pruneTimer = setInterval(() => void this.prune(), Math.min(pruneIntervalMs, retention.keepMs));
    this.pruneTimer.unref();
    this.clock = this.clockSince(null);
  }

  /** @param holder name of this master, for records */
  static async open(store: LocalStore, holder: string, retention: RetentionBounds, log: Logger): Promise<LocalLedger> {
    const ledger = new LocalLedger(store, holder, retention, log);
    try {
      const { records, chunkKeys, lastMs } = await store.load();
      for (const record of [...records].sort((a, b) => a.submittedMs - b.submittedMs)) {
        // The master that held it was this store's only user, so it is gone.
        const now: AnalysisRecord = record.state === 'running' ? { ...record, state: 'queued' } : record;
        ledger.book.set(now);
        if (!isFinal(now)) ledger.waiting.push(now.id);
      }
      for (const [id, keys] of chunkKeys) ledger.chunkKeys.set(id, new Set(keys));
      const { wrong, unchecked } = await ledger.checkResults(ledger.list(), resultsCheckedBytesMax);
      await store.loaded(wrong);
      void ledger.checkResults(unchecked, Infinity);
      ledger.clock = ledger.clockSince(lastMs);
      await ledger.prune();
      return ledger;
    } catch (error) {
      await ledger.close();
      throw error;
    }
  }

  get place(): string {
    return this.store.place;
  }

  get durable(): boolean {
    return this.store.durable;
  }

  get trouble(): string | null {
    return this.store.trouble;
  }

  get evidence(): string | null {
    return this.store.evidence;
  }

  async submit(analysis: NewAnalysis): Promise<AnalysisRecord> {
    if (this.waiting.length >= analysesQueuedMax) {
      throw new TriremeError(
        'QUEUE_FULL',
        `${analysesQueuedMax} analyses wait already (analysesQueuedMax); ask again later`,
      );
    }
    const record = submitted(analysis, Date.now());
    await this.store.putRecord(record, true).catch(async (error: unknown) => {
      // It was refused: it must not be there after all once the store can be written again.
      await this.store.drop(record.id).catch(() => undefined);
      throw error;
    });
    this.book.set(record);
    this.queue(record.id);
    return record;
  }

  async take(signal: AbortSignal): Promise<Lease | null> {
    while (!signal.aborted) {
      const id = this.waiting.shift();
      const record = id === undefined ? null : this.book.get(id);
      if (record !== null && record.state === 'queued') return this.lease(record);
      if (id !== undefined) continue;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return null;
  }

  get(id: string): Promise<AnalysisRecord | null> {
    return Promise.resolve(this.book.get(id));
  }

  list(): readonly AnalysisRecord[] {
    return this.book.list();
  }

  async result(id: string): Promise<Uint8Array | null> {
    const facts = this.book.get(id)?.result;
    if (facts === null || facts === undefined) return null;
    const bytes = this.unwritten.get(id) ?? (await this.store.readResult(id));
    return bytes !== null && bytes.length === facts.bytes && crc32(bytes) === facts.crc32 ? bytes : null;
  }

  watch(id: string, listener: (record: AnalysisRecord) => void): () => void {
    return this.book.watch(id, listener);
  }

  async cancel(id: string, reason: string): Promise<AnalysisRecord | null> {
    const record = this.book.get(id);
    if (record === null || isFinal(record)) return record;
    const cancelled = await this.end(record, { state: 'cancelled', error: new TriremeError('CANCELLED', reason) });
    return cancelled;
  }

  endWaits(): void {
    // None waits.
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.pruneTimer);
    this.wake?.();
    await this.store.close();
  }

  // What a lease does.

  keysOf(id: string): Set<string> {
    let keys = this.chunkKeys.get(id);
    if (keys === undefined) this.chunkKeys.set(id, (keys = new Set()));
    return keys;
  }

  async change(record: AnalysisRecord, stored: boolean): Promise<void> {
    this.book.set(record);
    if (stored) await this.store.putRecord(record, false);
  }

  async release(record: AnalysisRecord): Promise<void> {
    this.leases.delete(record.id);
    this.book.set(record);
    this.queue(record.id);
    await this.store.putRecord(record, true);
  }

  /**
   * Ends an analysis. Its outcome holds in this process even if it cannot be written; then it is done again after it.
   */
  async end(record: AnalysisRecord, outcome: Outcome): Promise<AnalysisRecord> {
    const { id } = record;
    const bytes = outcome.state === 'done' ? outcome.result : null;
    const facts = bytes === null ? null : { bytes: bytes.length, crc32: crc32(bytes) };
    if (bytes !== null) this.unwritten.set(id, bytes);
    const final = ended(record, outcome, facts, Date.now());
    const lease = this.leases.get(id);
    this.leases.delete(id);
    // Nobody writes it any more from here on; whoever holds it hears so at once.
    if (outcome.state === 'cancelled') {
      this.book.set(final);
      lease?.lose(final);
    }
    const write = async (): Promise<void> => {
      if (bytes !== null) await this.store.putResult(id, bytes);
      await this.store.putRecord(final, true);
      this.unwritten.delete(id);
    };
    const dropChunks = (): Promise<void> => this.store.dropChunks(id);
    try {
      // On a full disk the chunks may hold the room that the outcome needs.
      await write().catch(() =>
        dropChunks()
          .catch(() => undefined)
          .then(write),
      );
      await dropChunks();
    } catch (error) {
      this.log.error(
        { id, error: TriremeError.from(error).message },
        'the outcome of an analysis could not be written',
      );
    }
    this.chunkKeys.delete(id);
    if (outcome.state !== 'cancelled') this.book.set(final);
    void this.prune();
    return final;
  }

  private lease(record: AnalysisRecord): LocalLease {
    const now = taken(record, this.holder, Date.now());
    this.book.set(now);
    // Only how often it was taken depends on it.
    this.store.putRecord(now, false).catch(() => undefined);
    const lease = new LocalLease(this, this.store, now);
    this.leases.set(record.id, lease);
    return lease;
  }

  private queue(id: string): void {
    this.waiting.push(id);
    this.wake?.();
    this.wake = null;
  }

  /** Time for what cannot be taken back: a clock that is ahead at a start removes nothing at once. */
  private clockSince(lastMs: number | null): PatientClock {
    const trustMs = Math.min(clockTrustMs, this.retention.keepMs);
    const aheadMs = lastMs === null ? 0 : Date.now() - lastMs;
    if (aheadMs > this.retention.keepMs) {
      this.log.info(
        { place: this.place, hours: Math.round(aheadMs / 3_600_000), trustMs },
        'the last write is older than --keep: nothing is removed before the clock has been right for a time',
      );
    }
    return new PatientClock(lastMs, trustMs, Date.now(), performance.now());
  }

  /**
   * Reads results, newest first, and tells of those that are damaged.
   * @returns whether any is that was not known; and the records that come after so many bytes
   */
  private async checkResults(
    records: readonly AnalysisRecord[],
    bytesMax: number,
  ): Promise<{ wrong: boolean; unchecked: readonly AnalysisRecord[] }> {
    let wrong = false;
    let bytes = 0;
    for (const [i, { id }] of records.entries()) {
      if (bytes >= bytesMax || this.closed) return { wrong, unchecked: records.slice(i) };
      const record = this.book.get(id);
      if (record === null || record.result === null || this.unwritten.has(id)) continue;
      bytes += record.result.bytes;
      const reason = await this.store.checkResult(record);
      if ((reason === null) === (record.state === 'done') || this.book.get(id) !== record) continue;
      const { place } = this;
      if (reason === null) this.log.warn({ place, id }, 'the result of an analysis is there again');
      else {
        this.log.error({ place, id, reason }, 'the result of an analysis is damaged');
        wrong = true;
      }
      const now = reason === null ? resultRestored(record) : resultDamaged(record, reason);
      this.book.set(now);
      await this.store.putRecord(now, true).catch(() => undefined);
    }
    return { wrong, unchecked: [] };
  }

  private async prune(): Promise<void> {
    const records = this.book.list();
    const { keepMs } = this.retention;
    const nowMs = this.clock.nowMs(Date.now(), performance.now());
    for (const id of overdue(records, keepMs, nowMs)) {
      const error = new TriremeError('DEADLINE_PASSED', `no master could run it within ${keepMs / 1000} s (--keep)`);
      await this.end(this.book.get(id) as AnalysisRecord, { state: 'failed', error });
    }
    for (const id of expired(records, this.retention, nowMs)) {
      this.book.drop(id);
      this.unwritten.delete(id);
      await this.store.drop(id).catch((error: unknown) => {
        this.log.warn({ id, error: TriremeError.from(error).message }, 'an old analysis could not be removed');
      });
    }
  }
}
