import { crc32 } from 'node:zlib';
import type { JsMsg } from '@nats-io/jetstream';
import type { KvWatchEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { TriremeError } from '../../common/errors.js';
import type { Logger } from '../../common/logging.js';
import { connectNats } from '../../nats/connect.js';
import { natsName, type NatsSettings } from '../../nats/nats-url.js';
import { analysesQueuedMax, pruneIntervalMs } from '../limits.js';
import { RecordBook } from '../record-book.js';
import { expired, type RetentionBounds } from '../retention.js';
import { ended, submitted, taken } from '../transitions.js';
import { isFinal, type AnalysisRecord, type Ledger, type Lease, type NewAnalysis } from '../types.js';
import {
  againMs,
  aliveMs,
  cancelAttemptsMax,
  missingMsMax,
  openMsMax,
  pullMs,
  requestTimeoutMs,
  retryMs,
  settleMs,
  strayDeliveriesMax,
  unheardMsMin,
} from './limits.js';
import { NatsLease, type NatsLeaseOwner } from './nats-lease.js';
import { openNatsStore, queueSubject, type NatsStore } from './nats-store.js';
import { isConflict, Patience } from './patience.js';
import { readObject } from './stored-object.js';
import { decodeStored, encodeStored, type FoundRecord } from './stored-record.js';

/**
 * A ledger on NATS JetStream, shared by masters: analyses wait in a work queue, whose message a master keeps as long as it
 * works on one; the record is a key that is written by compare-and-set only; chunks and results are objects that count when the
 * record names them.
 */
export class NatsLedger implements Ledger, NatsLeaseOwner {
  readonly durable = true;
  readonly shared = true;
  private readonly book = new RecordBook();
  private readonly leases = new Map<string, NatsLease>();
  /** Monotonic ms at which this process saw a record change last. */
  private readonly changedAtMs = new Map<string, number>();
  private readonly pruneTimer: NodeJS.Timeout;
  private closed = false;

  private constructor(
    private readonly connection: NatsConnection,
    readonly store: NatsStore,
    readonly patience: Patience,
    private readonly holder: string,
    private readonly retention: RetentionBounds,
    private readonly log: Logger,
  ) {
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
      const store = await openInTime(() => openNatsStore(connection, shown, replicas, retention.keepMs), untilMs);
      const patience = new Patience(connection, shown, (connected) =>
        connected
          ? log.info({ nats: shown }, 'NATS is back')
          : log.warn({ nats: shown }, 'NATS is gone; what runs goes on'),
      );
      const ledger = new NatsLedger(connection, store, patience, holder, retention, log);
      await openInTime(() => patience.once(() => ledger.listen()), untilMs);
      return ledger;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  get place(): string {
    return this.patience.shown;
  }

  get trouble(): string | null {
    return this.patience.trouble;
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
    const { records, js } = this.store;
    try {
      await this.patience.once(() => records.create(id, encodeStored({ record, chunks: new Map(), resultObject: '' })));
      await this.patience.once(() => js.publish(queueSubject, id, { msgID: id }));
    } catch (error) {
      // Refused is refused: either may be there although its answer was lost. A message without its record is dropped.
      void this.patience.until(() => records.purge(id)).catch(() => undefined);
      throw error;
    }
    this.hear(record);
    return record;
  }

  async take(signal: AbortSignal): Promise<Lease | null> {
    while (!signal.aborted && !this.patience.over) {
      let message: JsMsg | null = null;
      try {
        message = await this.pull(signal);
        const lease = message === null ? null : await this.leaseOf(message);
        if (lease !== null && signal.aborted) await lease.release();
        else if (lease !== null) return lease;
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
    if (this.leases.has(id)) return this.book.get(id);
    // Without NATS what was heard last is the best that can be said.
    if (this.trouble !== null) return this.book.get(id);
    return (await this.patience.once(() => this.find(id)))?.record ?? null;
  }

  list(): readonly AnalysisRecord[] {
    return this.book.list();
  }

  async result(id: string): Promise<Uint8Array | null> {
    // That it is not there is believed only after a time: a server that has just come back may not have caught up.
    for (const sinceMs = performance.now(); ; await pause(retryMs)) {
      const found = await this.patience.once(() => this.find(id));
      const facts = found?.record.result ?? null;
      if (found === null || facts === null) return null;
      const bytes = await this.patience.once(() =>
        readObject(this.store.results, found.resultObject, () => this.trouble !== null),
      );
      if (bytes !== null && bytes.length === facts.bytes && crc32(bytes) === facts.crc32) return bytes;
      if (performance.now() - sinceMs > missingMsMax || this.patience.over) return null;
    }
  }

  watch(id: string, listener: (record: AnalysisRecord) => void): () => void {
    return this.book.watch(id, listener);
  }

  async cancel(id: string, reason: string): Promise<AnalysisRecord | null> {
    const outcome = { state: 'cancelled', error: new TriremeError('CANCELLED', reason) } as const;
    for (let attempt = 0; attempt < cancelAttemptsMax; attempt++) {
      const found = await this.patience.once(() => this.find(id));
      if (found === null || isFinal(found.record)) return found?.record ?? null;
      const record = ended(found.record, outcome, null, Date.now());
      const value = encodeStored({ record, chunks: new Map(), resultObject: '' });
      try {
        await this.patience.once(() => this.store.records.update(id, value, found.keyRevision));
      } catch (error) {
        if (isConflict(error)) continue;
        throw error;
      }
      this.hear(record);
      this.removeChunks(found.chunks.values());
      return record;
    }
    throw new TriremeError('STATE_FAILED', `analysis ${id} is written to all the time: ask again`);
  }

  endWaits(): void {
    this.patience.end();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.pruneTimer);
    this.patience.end();
    for (const lease of this.leases.values()) lease.stop();
    await this.connection.close();
  }

  // What a lease uses.

  async find(id: string): Promise<FoundRecord | null> {
    const entry = await this.store.records.get(id);
    if (entry === null || entry.operation !== 'PUT') return null;
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

  /** In the background: the buckets drop what this leaves. */
  removeChunks(objects: Iterable<string>): void {
    const names = [...objects];
    if (names.length > 0) this.log.debug({ id: names[0].split('/')[0] }, 'chunks removed');
    for (const name of names) this.store.chunks.delete(name).catch(() => undefined);
  }

  private async pull(signal: AbortSignal): Promise<JsMsg | null> {
    const messages = await this.store.queue.fetch({ max_messages: 1, expires: pullMs });
    const stop = (): void => void messages.close();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const message of messages) return message;
      return null;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** The lease that a message offers; null: none, and the message has been dealt with. */
  private async leaseOf(message: JsMsg): Promise<NatsLease | null> {
    const id = message.string();
    const found = await this.patience.once(() => this.find(id));
    if (found === null) {
      if (message.info.deliveryCount < strayDeliveriesMax) message.nak(againMs);
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
    if (record.state === 'running' && this.mayLive(record)) {
      message.nak(againMs);
      return null;
    }
    const now = { ...found, record: taken(record, this.holder, Date.now()) };
    let revision: number;
    try {
      revision = await this.patience.once(() => this.store.records.update(id, encodeStored(now), keyRevision));
    } catch (error) {
      if (!isConflict(error)) throw error;
      message.nak(againMs);
      return null;
    }
    const lease = new NatsLease(this, now, revision, message, this.log);
    this.leases.set(id, lease);
    this.hear(now.record);
    return lease;
  }

  /** Whether the master of an analysis that was offered to us works on it all the same. */
  private mayLive(record: AnalysisRecord): boolean {
    const nowMs = performance.now();
    if (nowMs - this.patience.backSinceMs < settleMs) return true;
    return nowMs - (this.changedAtMs.get(record.id) ?? -Infinity) < aliveMs;
  }

  /** Resolves when what is known at NATS is known here. */
  private async listen(): Promise<void> {
    const { values } = await this.store.records.status();
    const entries = await this.store.records.watch();
    let caughtUp: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (caughtUp = resolve));
    if (values === 0) caughtUp();
    const run = async (): Promise<void> => {
      for await (const entry of entries) {
        this.heard(entry);
        if (entry.isUpdate || entry.delta === 0) caughtUp();
      }
      if (this.closed) return;
      this.log.warn('the list of analyses was cut off, and is asked for again');
      setTimeout(() => void this.listen().catch(() => undefined), againMs);
    };
    run().catch((error: unknown) => {
      if (!this.closed) this.log.warn({ error: String(error) }, 'the list of analyses was cut off');
    });
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, requestTimeoutMs).unref())]);
  }

  private heard(entry: KvWatchEntry): void {
    if (entry.operation !== 'PUT') {
      this.book.drop(entry.key);
      this.changedAtMs.delete(entry.key);
      return;
    }
    const stored = decodeStored(entry.value);
    if (stored === null) return;
    if (entry.isUpdate) this.changedAtMs.set(entry.key, performance.now());
    const lease = this.leases.get(entry.key);
    if (lease === undefined) this.hear(stored.record);
    else lease.seen(stored.record);
  }

  /** Puts analyses into the queue again that wait and have no message there. */
  async queueUnheard(nowMs = Date.now()): Promise<void> {
    const unheard = this.book
      .list()
      .filter(
        ({ state, attempts, submittedMs }) =>
          state === 'queued' && attempts === 0 && nowMs - submittedMs > unheardMsMin,
      );
    if (unheard.length === 0 || this.trouble !== null) return;
    const { js, queue } = this.store;
    // Otherwise they may just wait; a message too many does no harm.
    if ((await queue.info()).num_pending > 0) return;
    for (const { id } of unheard) {
      this.log.warn({ id }, 'an analysis that waits was not in the queue');
      await js.publish(queueSubject, id, { msgID: id });
    }
  }

  private prune(): void {
    this.queueUnheard().catch((error: unknown) =>
      this.log.warn({ error: String(error) }, 'the queue was not looked at'),
    );
    for (const id of expired(this.book.list(), this.retention, Date.now())) {
      this.book.drop(id);
      this.changedAtMs.delete(id);
    }
  }
}

/** Tries until it works or the time is up. */
async function openInTime<T>(open: () => Promise<T>, untilMs: number): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (performance.now() > untilMs) throw error;
      await pause(againMs);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
