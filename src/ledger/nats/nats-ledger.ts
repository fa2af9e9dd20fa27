import { randomBytes } from 'node:crypto';
import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { atMost } from '../../common/stuck-work.js';
import { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import { connectNats } from '../../nats/connect.js';
import { natsName, type NatsSettings } from '../../nats/nats-url.js';
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
import { RecordBook } from '../record-book.js';
import { ended, submitted, taken } from '../transitions.js';
import { NatsStore, pullMs, requestTimeoutMs } from './nats-store.js';
import { rewrittenMsMax, StoreKeeper, type Loss } from './store-keeper.js';
import { isConflict, openInTime, openMsMax, NatsLink, pause, retryMs } from '../../nats/nats-link.js';
import { againMs, aliveMs, settleMs } from './lease-times.js';
import { mendAll, requeue, type MendedLedger } from './mender.js';
import { NatsLease, type NatsLeaseOwner } from './nats-lease.js';
import { RecentResults } from './recent-results.js';
import { RecordWatch, type Listed } from './record-watch.js';
import { readResult } from './stored-result.js';
import { decodeStored, encodeStored, withoutLease, type FoundRecord } from './stored-record.js';

/** An analysis of which nothing was heard for so long may have lost its message in the queue. */
const unheardMsMin = 30_000;

/** Deliveries of a message whose record does not exist, until it is dropped: submitting writes the record first. */
const strayDeliveriesMax = 5;

/** Attempts to cancel an analysis whose master writes at the same time. */
const cancelAttemptsMax = 50;

/**
 * A ledger on NATS JetStream, shared by masters: analyses wait in a work queue, whose message a master keeps
 * as long as it works on one; the record is a key that is written by compare-and-set only; chunks and results
 * are objects that count when the record names them. NATS may lose what it has acknowledged: what masters
 * know of it is written there again.
 */
export class NatsLedger implements Ledger, NatsLeaseOwner, MendedLedger {
  readonly durable = true;
  readonly shared = true;
  readonly book = new RecordBook();
  readonly recent = new RecentResults();
  readonly resultObjects = new Map<string, string>();
  private readonly leases = new Map<string, NatsLease>();
  /** Monotonic ms at which this process saw a record change last. */
  private readonly changedAtMs = new Map<string, number>();
  private readonly openedMs = performance.now();
  private readonly watched: RecordWatch;
  private readonly keeper: StoreKeeper;
  private readonly pruneTimer: NodeJS.Timeout;

  private constructor(
    private readonly connection: NatsConnection,
    readonly store: NatsStore,
    readonly link: NatsLink,
    private readonly holder: string,
    readonly retention: RetentionBounds,
    private readonly log: Logger,
  ) {
    this.watched = new RecordWatch(store.records, {
      changed: (id, listed) => this.changed(id, listed),
      cutOff: (why) => this.suspect(`the list of analyses was cut off: ${why}`, false),
    });
    this.keeper = new StoreKeeper(store, link, (loss) => this.mend(loss), log);
    this.pruneTimer = setInterval(() => this.prune(), Math.min(pruneIntervalMs, retention.keepMs));
    this.pruneTimer.unref();
  }

  /** @throws TriremeError UNREACHABLE, UNAUTHENTICATED, STATE_FAILED */
  static async open(
    settings: NatsSettings,
    holder: string,
    retention: RetentionBounds,
    log: Logger,
  ): Promise<NatsLedger> {
    const connection = await connectNats(settings, `trireme ${holder}`);
    const shown = natsName(settings);
    try {
      const replicas = settings.servers.length >= 3 ? 3 : 1;
      // Servers that elect a leader answer after a while; a server that has no JetStream never does.
      const untilMs = performance.now() + (connection.info?.jetstream === true ? openMsMax : 0);
      const store = await openInTime(() => NatsStore.open(connection, shown, replicas, retention.keepMs), untilMs);
      let opened: NatsLedger | null = null;
      const link = new NatsLink(connection, shown, (connected) => opened?.connected(connected));
      const ledger = (opened = new NatsLedger(connection, store, link, holder, retention, log));
      await openInTime(() => link.once(() => ledger.keeper.open()), untilMs);
      return ledger;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get place(): string {
    return this.link.shown;
  }

  get trouble(): string | null {
    return this.link.trouble ?? this.keeper.trouble;
  }

  async submit(analysis: NewAnalysis): Promise<AnalysisRecord> {
    if (this.book.list().filter(({ state }) => state === 'queued').length >= analysesQueuedMax) {
      throw new TriremeError(
        'QUEUE_FULL',
        `${analysesQueuedMax} analyses wait already (analysesQueuedMax); ask again later`,
      );
    }
    const record = submitted(analysis, Date.now());
    const { id } = record;
    const { records } = this.store;
    try {
      await this.link.once(() => records.create(id, encodeStored(withoutLease(record))));
      await this.link.once(() => this.store.enqueue(id, id));
    } catch (error) {
      // Refused is refused: either may be there although its answer was lost. A message without its record is dropped.
      void this.link.until(() => records.purge(id)).catch(() => undefined);
      this.suspect('an analysis could not be submitted', false);
      throw error;
    }
    this.hear(record);
    return record;
  }

  async take(signal: AbortSignal): Promise<Lease | null> {
    while (!signal.aborted && !this.link.over) {
      let message: JsMsg | null = null;
      const beganMs = performance.now();
      try {
        message = await this.store.next(signal);
        const lease = message === null ? null : await this.leaseOf(message);
        if (lease !== null && signal.aborted) await lease.release();
        else if (lease !== null) return lease;
        // A queue that is gone answers at once.
        if (message === null && performance.now() - beganMs < pullMs / 2 && !signal.aborted) await pause(retryMs);
      } catch (error) {
        message?.nak(againMs);
        if (this.trouble === null)
          this.log.warn({ error: TriremeError.from(error).message }, 'no analysis could be taken');
        await pause(againMs);
      }
    }
    return null;
  }

  async get(id: string): Promise<AnalysisRecord | null> {
    for (const sinceMs = performance.now(); ; await pause(retryMs)) {
      const known = this.book.get(id);
      if (this.leases.has(id)) return known;
      // Without NATS what was heard last is the best that can be said; of what is not known, nothing can be.
      if (this.trouble !== null && known === null) throw new TriremeError('STATE_FAILED', this.trouble);
      if (this.trouble !== null) return known;
      const found = await this.link.once(() => this.find(id));
      if (found === 'removed') return null;
      if (found === null && known !== null) this.suspect(`the record of analysis ${id} is gone`, true);
      if (found !== null || known !== null) return found?.record ?? known;
      // Another master may know it, and be about to write it again.
      await this.keeper.look();
      if (this.keeper.wellForMs > rewrittenMsMax || performance.now() - sinceMs > rewrittenMsMax) return null;
    }
  }

  list(): readonly AnalysisRecord[] {
    return this.book.list();
  }

  result(id: string): Promise<Uint8Array | null> {
    const { store, link } = this;
    return readResult(
      store.results,
      link,
      () => this.find(id),
      () => this.book.get(id) !== null,
      () => this.keeper.wellForMs,
    );
  }

  watch(id: string, listener: (record: AnalysisRecord) => void): () => void {
    return this.book.watch(id, listener);
  }

  cancel(id: string, reason: string): Promise<AnalysisRecord | null> {
    return this.endNow(id, { state: 'cancelled', error: new TriremeError('CANCELLED', reason) });
  }

  endWaits(): void {
    this.link.end();
  }

  async close(): Promise<void> {
    clearInterval(this.pruneTimer);
    this.link.end();
    this.watched.stop();
    for (const lease of this.leases.values()) lease.stop();
    await atMost(requestTimeoutMs, this.keeper.end());
    await this.connection.close();
  }

  // What a lease uses.

  /** What NATS has of an analysis; null: nothing, not even that it was removed. */
  async find(id: string): Promise<FoundRecord | 'removed' | null> {
    const entry = await this.store.records.get(id);
    if (entry === null) return null;
    if (entry.operation !== 'PUT') return 'removed';
    const stored = decodeStored(entry.value);
    if (stored === null)
      throw new TriremeError('STATE_FAILED', `the record of analysis ${id} at ${this.place} is damaged`);
    return { ...stored, keyRevision: entry.revision };
  }

  /** A record as it is now: those who watch hear of it. */
  hear(record: AnalysisRecord): void {
    const known = this.book.get(record.id);
    // What NATS tells of our own writes comes late.
    if (known !== null && (known.revision > record.revision || (isFinal(known) && isFinal(record)))) return;
    this.book.set(record);
  }

  forget(id: string): void {
    this.leases.delete(id);
  }

  suspect(why: string, certain: boolean): void {
    this.keeper.suspect(why, certain);
  }

  keepResult(id: string, name: string, bytes: Uint8Array): void {
    this.resultObjects.set(id, name);
    this.recent.add(id, name, bytes, performance.now());
  }

  /** In the background: the buckets drop what this leaves. */
  removeChunks(objects: Iterable<string>): void {
    const names = [...objects];
    if (names.length > 0) this.log.debug({ id: names[0].split('/')[0] }, 'chunks removed');
    for (const name of names) this.store.chunks.delete(name).catch(() => undefined);
  }

  /** The lease that a message offers; null: none, and the message has been dealt with. */
  private async leaseOf(message: JsMsg): Promise<NatsLease | null> {
    const id = message.string();
    const found = await this.link.once(() => this.find(id));
    if (found === null || found === 'removed') {
      // What is known is about to be written again.
      if (message.info.deliveryCount < strayDeliveriesMax || (found === null && this.book.get(id) !== null))
        message.nak(againMs);
      else message.ack();
      return null;
    }
    const { record, keyRevision } = found;
    if (isFinal(record)) {
      message.ack();
      return null;
    }
    const held = this.leases.get(id);
    if (held !== undefined) {
      // Ours came back: NATS was away, or we stood still.
      held.adopt(message);
      return null;
    }
    if (this.mayLive(record)) {
      message.nak(againMs);
      return null;
    }
    const take = randomBytes(8).toString('hex');
    const now = { ...found, take, record: taken(record, this.holder, Date.now()) };
    let revision: number;
    try {
      revision = await this.link.once(() => this.store.records.update(id, encodeStored(now), keyRevision));
    } catch (error) {
      if (!isConflict(error)) throw error;
      message.nak(againMs);
      return null;
    }
    const lease = new NatsLease(this, now, revision, message, this.log);
    this.leases.set(id, lease);
    this.believe({ ...now, keyRevision: revision });
    return lease;
  }

  /** Whether the master of an analysis that was offered to us works on it all the same, or it has ended. */
  private mayLive(record: AnalysisRecord): boolean {
    const nowMs = performance.now();
    const backMs = nowMs - Math.max(this.link.backSinceMs, this.keeper.mendingSinceMs ?? -Infinity);
    // What NATS offers may be older than what its master, or any other one, is about to write again.
    const known = this.book.get(record.id)?.state ?? 'queued';
    if (backMs < settleMs && (record.state === 'running' || known !== 'queued')) return true;
    return record.state === 'running' && nowMs - (this.changedAtMs.get(record.id) ?? -Infinity) < aliveMs;
  }

  // What the mender uses.

  holds(id: string): boolean {
    return this.leases.has(id);
  }

  believe({ record, resultObject }: Exclude<Listed, string>): void {
    if (resultObject !== '') this.resultObjects.set(record.id, resultObject);
    this.book.set(record);
  }

  forgetAnalysis(id: string): void {
    this.book.drop(id);
    this.changedAtMs.delete(id);
    this.resultObjects.delete(id);
  }

  /** Asks NATS for all that it knows, and makes both agree. @returns whether all is well then */
  private async mend(loss: Loss): Promise<boolean> {
    for (const lease of this.leases.values()) lease.doubt(loss.certain);
    const listed = await this.watched.list();
    try {
      return await mendAll(this, listed, loss, this.log);
    } finally {
      this.watched.letGo();
    }
  }

  private connected(connected: boolean): void {
    const facts = { nats: this.place };
    if (connected) this.log.info(facts, 'NATS is back');
    else this.log.warn(facts, 'NATS is gone; what runs goes on');
    // It may have come back with less than it had acknowledged.
    if (connected) this.suspect('NATS was away', false);
  }

  /** NATS tells of a write, perhaps our own. */
  private changed(id: string, listed: Listed): void {
    if (listed === 'damaged') return;
    if (listed === 'removed') return this.forgetAnalysis(id);
    this.changedAtMs.set(id, performance.now());
    if (listed.resultObject !== '') this.resultObjects.set(id, listed.resultObject);
    const lease = this.leases.get(id);
    if (lease === undefined) this.hear(listed.record);
    else lease.seen(listed);
  }

  /** Ends an analysis, whoever holds it. Null: there is none of this id. */
  private async endNow(
    id: string,
    outcome: Exclude<Outcome, { readonly state: 'done' }>,
  ): Promise<AnalysisRecord | null> {
    for (let attempt = 0; attempt < cancelAttemptsMax; attempt++) {
      const found = await this.link.once(() => this.find(id));
      if (found === 'removed') return null;
      const now = found?.record ?? this.book.get(id);
      if (now === null && (await this.get(id)) !== null) continue;
      if (now === null || isFinal(now)) return now;
      const record = ended(now, outcome, null, Date.now());
      const value = encodeStored(withoutLease(record));
      try {
        await this.link.once(() =>
          found === null
            ? this.store.records.create(id, value)
            : this.store.records.update(id, value, found.keyRevision),
        );
      } catch (error) {
        if (isConflict(error)) continue;
        throw error;
      }
      this.hear(record);
      this.removeChunks(found?.chunks.values() ?? []);
      return record;
    }
    throw new TriremeError('STATE_FAILED', `analysis ${id} is written to all the time: ask again`);
  }

  /** Puts analyses into the queue again of which nothing was heard and that have no message there. */
  async queueUnheard(laterMs = 0): Promise<void> {
    const nowMs = performance.now() + laterMs;
    const unheard = this.book
      .list()
      .filter((record) => !isFinal(record) && !this.leases.has(record.id))
      .filter(({ id }) => nowMs - (this.changedAtMs.get(id) ?? this.openedMs) > unheardMsMin);
    if (this.trouble === null)
      await requeue(this.store, unheard, ({ id, revision }) => `${id}:unheard:${revision}`, this.log);
  }

  private prune(): void {
    this.queueUnheard().catch((error: unknown) =>
      this.log.warn({ error: String(error) }, 'the queue was not looked at'),
    );
    const { keepMs } = this.retention;
    const late = new TriremeError('DEADLINE_PASSED', `no master could run it within ${keepMs / 1000} s (--keep)`);
    for (const id of overdue(this.book.list(), keepMs, Date.now())) {
      void this.endNow(id, { state: 'failed', error: late }).catch(() => undefined);
    }
    for (const id of expired(this.book.list(), this.retention, Date.now())) this.forgetAnalysis(id);
  }
}
