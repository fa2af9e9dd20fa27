import { crc32 } from 'node:zlib';
import type { JsMsg } from '@nats-io/jetstream';
import { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import { ended, leaseLost, released } from '../transitions.js';
import {
  isFinal,
  type AnalysisRecord,
  type FinishedChunk,
  type Lease,
  type Outcome,
  type PlanFacts,
  type ProgressFacts,
} from '../types.js';
import { Absence } from './absence.js';
import { againMs, Confirmation, heartbeatMs, progressMs } from './lease-times.js';
import { encodeStored, storedRecordBytesMax, type FoundRecord, type StoredRecord } from './stored-record.js';
import type { NatsStore } from './nats-store.js';
import { isConflict, type NatsLink } from '../../nats/nats-link.js';
import { readObject } from './stored-object.js';

/** Servers are asked no more often than this whether they have caught up with one another. */
const settledAskMs = 500;

/** What a lease uses of its ledger. */
export interface NatsLeaseOwner {
  readonly store: NatsStore;
  readonly link: NatsLink;
  readonly trouble: string | null;
  find(id: string): Promise<FoundRecord | 'removed' | null>;
  /** A record as it is now: those who watch hear of it. */
  hear(record: AnalysisRecord): void;
  forget(id: string): void;
  /** NATS may have acknowledged what it does not have any more. */
  suspect(why: string, certain: boolean): void;
  /** A result that NATS has acknowledged and may lose. */
  keepResult(id: string, name: string, bytes: Uint8Array): void;
  /** In the background: the buckets drop what this leaves. */
  removeChunks(objects: Iterable<string>): void;
}

/**
 * A lease on NATS. It is kept by the queue's message, and proved at every write: the record is written by
 * compare-and-set against what this lease wrote last, so a master that was away and comes late writes nothing. Writes
 * wait while NATS is away, which keeps finished chunks in memory, within the journal's bound. A record that NATS has
 * lost, or of which it has an older one that nobody else has taken, is written again: the holder knows the whole of it.
 */
export class NatsLease implements Lease {
  readonly record: AnalysisRecord;
  private readonly take: string;
  private now: StoredRecord;
  private readonly chunks: Map<string, string>;
  private lostWith: TriremeError | null = null;
  private over = false;
  private listener: ((error: TriremeError) => void) | null = null;
  private saving: Promise<void> = Promise.resolve();
  private savedMs = -Infinity;
  private readonly confirmation = new Confirmation(performance.now());
  private readonly absence = new Absence();
  private settledAskedMs = -Infinity;
  private readonly heartbeat: NodeJS.Timeout;

  constructor(
    private readonly ledger: NatsLeaseOwner,
    stored: StoredRecord,
    private keyRevision: number,
    /** Null: what the queue gave us was lost with its queue. */
    private message: JsMsg | null,
    private readonly log: Logger,
  ) {
    this.record = stored.record;
    this.take = stored.take;
    this.chunks = new Map(stored.chunks);
    this.now = { ...stored, chunks: this.chunks };
    this.heartbeat = setInterval(() => this.beat(), heartbeatMs);
    this.heartbeat.unref();
  }

  get sure(): boolean {
    return this.confirmation.sure(performance.now());
  }

  get chunkKeys(): ReadonlySet<string> {
    return new Set(this.chunks.keys());
  }

  async readChunk(key: string): Promise<Uint8Array | null> {
    const name = this.chunks.get(key);
    if (name === undefined) return null;
    return this.ledger.link.until(async () => {
      this.check();
      const { store, link } = this.ledger;
      const bytes = await readObject(store.chunks, name, () => link.trouble !== null);
      if (bytes === null && !(await this.isLost(name))) throw new Error(`${name} is not there yet`);
      return bytes;
    });
  }

  /** A holder in doubt believes nothing: another one may have ended the analysis, and removed its chunks. */
  private async isLost(name: string): Promise<boolean> {
    const nowMs = performance.now();
    if (this.absence.missed(nowMs)) this.log.info({ name }, 'a finished chunk is not at NATS, and is looked for again');
    if (nowMs - this.settledAskedMs > settledAskMs) {
      this.settledAskedMs = nowMs;
      const settled = await this.ledger.store.chunksSettled().catch(() => false);
      this.absence.settled(settled, performance.now());
    }
    return this.sure && this.absence.lost(nowMs, this.ledger.link.backSinceMs);
  }

  async plan(facts: PlanFacts): Promise<void> {
    this.check();
    const { plan } = this.now.record;
    if (plan?.chunkBytes === facts.chunkBytes && plan.engine === facts.engine) return;
    const old = [...this.chunks.values()];
    this.chunks.clear();
    this.change({ plan: facts });
    await this.save();
    this.ledger.removeChunks(old);
  }

  async writeChunks(chunks: readonly FinishedChunk[]): Promise<void> {
    this.check();
    const named = chunks.map(({ key, bytes }) => ({ key, bytes, name: `${this.objectName}/${key}` }));
    const { link, store } = this.ledger;
    await Promise.all(
      named.map(({ name, bytes }) =>
        link.until(async () => {
          this.check();
          await store.chunks.putBlob({ name }, bytes);
        }),
      ),
    );
    this.check();
    for (const { key, name } of named) this.chunks.set(key, name);
    await this.save();
  }

  progress(facts: ProgressFacts): void {
    if (this.over || this.lostWith !== null) return;
    this.change({ progress: facts });
    this.ledger.hear(this.now.record);
    if (performance.now() - this.savedMs < progressMs) return;
    this.savedMs = performance.now();
    this.save().catch(() => undefined);
  }

  async finish(outcome: Outcome): Promise<void> {
    this.check();
    const { link, store } = this.ledger;
    const { id } = this.record;
    let resultObject = '';
    let facts: AnalysisRecord['result'] = null;
    if (outcome.state === 'done') {
      resultObject = this.objectName;
      facts = { bytes: outcome.result.length, crc32: crc32(outcome.result) };
      await link.until(async () => {
        this.check();
        await store.results.putBlob({ name: resultObject }, outcome.result);
      });
      this.ledger.keepResult(id, resultObject, outcome.result);
    }
    // Behind what is being written, so that nothing of ours comes after it.
    await this.saving.catch(() => undefined);
    this.check();
    const objects = [...this.chunks.values()];
    this.chunks.clear();
    const record = ended(this.now.record, outcome, facts, Date.now());
    this.now = { record, chunks: this.chunks, resultObject, take: this.take };
    await this.save();
    this.end();
    this.ledger.hear(record);
    this.message?.ack();
    this.ledger.removeChunks(objects);
  }

  async release(): Promise<void> {
    this.check();
    await this.saving.catch(() => undefined);
    this.check();
    this.now = { ...this.now, record: released(this.now.record) };
    await this.save();
    this.end();
    this.ledger.hear(this.now.record);
    if (this.message !== null) this.message.nak(againMs);
    else
      await this.ledger.store.enqueue(this.record.id, `${this.record.id}:${this.keyRevision}`).catch(() => undefined);
  }

  onLost(listener: (error: TriremeError) => void): void {
    if (this.lostWith !== null) listener(this.lostWith);
    else this.listener = listener;
  }

  // What the ledger tells it.

  /** The queue gave us the message anew; the one before does not count any more. */
  adopt(message: JsMsg): void {
    this.message = message;
    message.working();
  }

  /** Somebody wrote the record, perhaps we. */
  seen({ record, take }: StoredRecord): void {
    if (take === this.take || this.over) return;
    if (record.revision > this.now.record.revision) this.lose(leaseLost(record), record);
    else if (record.revision === this.now.record.revision) this.prove();
  }

  /** NATS may have lost acknowledged writes. @param certain it has: the queue's message may be another one's by now */
  doubt(certain: boolean): void {
    if (certain) this.message = null;
    this.prove();
  }

  stop(): void {
    clearInterval(this.heartbeat);
  }

  private beat(): void {
    if (this.ledger.trouble === null) this.message?.working();
  }

  /** Writes the record, which shows whether it is still ours. */
  private prove(): void {
    this.save().catch(() => undefined);
  }

  private get objectName(): string {
    return `${this.record.id}/${this.take}`;
  }

  private change(changes: Partial<AnalysisRecord>): void {
    this.now = { ...this.now, record: { ...this.now.record, ...changes } };
  }

  /** Writes the record as it then is, one write at a time. */
  private save(): Promise<void> {
    const turn = this.saving.then(() => this.saveNow());
    this.saving = turn.catch(() => undefined);
    return turn;
  }

  private async saveNow(): Promise<void> {
    const { link, store } = this.ledger;
    await link.until(async () => {
      if (this.lostWith !== null) throw this.lostWith;
      const value = encodeStored(this.now);
      if (value.length > storedRecordBytesMax) {
        throw new TriremeError('LIMIT_REACHED', `${this.chunks.size} chunks are more than a record at NATS takes`);
      }
      // When it was sent: the answer may come much later than what it answers.
      const sentMs = performance.now();
      try {
        this.keyRevision = await store.records.update(this.record.id, value, this.keyRevision);
      } catch (error) {
        if (!isConflict(error)) throw error;
        await this.settleConflict(value);
      }
      this.savedMs = performance.now();
      this.confirmation.confirmed(sentMs);
    });
  }

  /**
   * Our own write may have come through although its answer did not, or NATS has lost what it had of this lease; every
   * other one means that the lease is gone.
   */
  private async settleConflict(value: Uint8Array): Promise<void> {
    const { id } = this.record;
    const found = await this.ledger.find(id);
    if (found === 'removed') throw this.lose(new TriremeError('LEASE_LOST', `analysis ${id} was removed`), null);
    if (found === null) {
      this.ledger.suspect(`the record of analysis ${id} is gone`, true);
      this.keyRevision = await this.ledger.store.records.create(id, value).catch((error: unknown) => {
        throw isConflict(error) ? new Error('somebody else wrote it; looked at again') : error;
      });
      this.log.warn({ id }, 'a record that NATS had lost is written again');
      return;
    }
    const { record, take, keyRevision } = found;
    if (take !== this.take && !this.outranks(record)) throw this.lose(leaseLost(record), record);
    if (take !== this.take || keyRevision < this.keyRevision)
      this.ledger.suspect(`the record of analysis ${id} is older than it was`, true);
    this.keyRevision = keyRevision;
    // What is there is this very write: written again, an end would be there twice.
    if (Buffer.compare(encodeStored(found), value) === 0) return;
    throw new Error('the answer to an earlier write was lost, or the write itself; written again');
  }

  /** Whether a record is one from before this lease, or waits for any master: nobody else works on it. */
  private outranks(record: AnalysisRecord): boolean {
    if (isFinal(record)) return false;
    const { attempts } = this.record;
    return record.attempts < attempts || (record.attempts === attempts && record.state === 'queued');
  }

  /** @param now as it is written by now; null: it is not */
  private lose(error: TriremeError, now: AnalysisRecord | null): TriremeError {
    if (this.over || this.lostWith !== null) return this.lostWith ?? error;
    this.lostWith = error;
    const { id, attempts: attempt } = this.record;
    this.log.warn({ id, attempt, holder: now?.holder, state: now?.state ?? 'removed' }, 'lease lost');
    this.stop();
    this.ledger.forget(this.record.id);
    if (now !== null) this.ledger.hear(now);
    this.listener?.(error);
    return error;
  }

  private end(): void {
    this.over = true;
    this.stop();
    this.ledger.forget(this.record.id);
  }

  private check(): void {
    if (this.lostWith !== null) throw this.lostWith;
    if (this.over) throw new TriremeError('LEASE_LOST', `the lease of analysis ${this.record.id} was given back`);
  }
}
