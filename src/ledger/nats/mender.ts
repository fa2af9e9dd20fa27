import type { Logger } from '../../common/logging.js';
import { expired, overdue, pruneIntervalMs, type RetentionBounds } from '../retention.js';
import type { RecordBook } from '../record-book.js';
import { released } from '../transitions.js';
import { isFinal, type AnalysisRecord } from '../types.js';
import type { NatsStore } from './nats-store.js';
import { isConflict } from '../../nats/nats-link.js';
import type { RecentResults } from './recent-results.js';
import type { Listed } from './record-watch.js';
import { remedyOf } from './remedy.js';
import type { Loss } from './store-keeper.js';
import { encodeStored, withoutLease } from './stored-record.js';

/** What the mender uses of its ledger. */
export interface MendedLedger {
  readonly store: NatsStore;
  readonly book: RecordBook;
  readonly recent: RecentResults;
  readonly retention: RetentionBounds;
  /** Objects of results, by the id of a done analysis. */
  readonly resultObjects: ReadonlyMap<string, string>;
  /** This master holds its lease, which mends its record by itself. */
  holds(id: string): boolean;
  /** NATS is right, whatever was known. */
  believe(listed: Exclude<Listed, string>): void;
  forgetAnalysis(id: string): void;
}

/**
 * Makes NATS and what is known here agree again, after NATS may have lost what it had acknowledged. Every master does
 * so at the same time; compare-and-set lets one of them win.
 * @returns whether all is well: nothing is to be waited for
 */
export async function mendAll(
  ledger: MendedLedger,
  listed: ReadonlyMap<string, Listed>,
  { certain, waitedMs }: Loss,
  log: Logger,
): Promise<boolean> {
  const nowMs = Date.now();
  await restoreResults(ledger, certain);
  // Those that NATS is about to drop because of their age are not missed.
  const known = ledger.book.list();
  const old = new Set([
    ...expired(known, ledger.retention, nowMs + pruneIntervalMs),
    ...overdue(known, ledger.retention.keepMs, nowMs + pruneIntervalMs),
  ]);
  let well = true;
  for (const id of new Set([...listed.keys(), ...known.map((record) => record.id)])) {
    if (!ledger.holds(id))
      well = (await mendOne(ledger, id, listed.get(id) ?? null, waitedMs, old.has(id), log)) && well;
  }
  const waiting = ledger.book.list().filter((record) => !isFinal(record));
  await requeue(ledger.store, waiting, ({ id }) => `${id}:${revisionOf(listed.get(id))}`, log);
  return well;
}

async function mendOne(
  ledger: MendedLedger,
  id: string,
  listed: Listed | null,
  waitedMs: number,
  old: boolean,
  log: Logger,
): Promise<boolean> {
  const known = ledger.book.get(id);
  // Nobody can use it, and everybody who asks for it is told.
  if (listed === 'damaged') return true;
  const at = listed === 'removed' || listed === null ? listed : listed.record;
  // Nearly always both say the same.
  if (known !== null && at !== null && at !== 'removed' && at.state === known.state && at.revision === known.revision)
    return true;
  const resultThere = known?.state === 'done' && (await hasResult(ledger, known));
  const remedy = remedyOf({ known, at, resultThere, waitedMs, expired: old });
  if (remedy === 'forget') ledger.forgetAnalysis(id);
  if (remedy === 'believe') ledger.believe(listed as Exclude<Listed, string>);
  if (remedy === 'write') await write(ledger, known as AnalysisRecord, listed as Exclude<Listed, string> | null, log);
  return remedy !== 'wait';
}

/**
 * Writes what is known, unless somebody else writes meanwhile. What ran under a master that does not say so waits anew.
 */
async function write(
  { store, book, resultObjects }: MendedLedger,
  known: AnalysisRecord,
  at: Exclude<Listed, string> | null,
  log: Logger,
): Promise<void> {
  const { id } = known;
  const record = isFinal(known) || known.state === 'queued' ? known : released(known);
  const value = encodeStored(withoutLease(record, resultObjects.get(id)));
  try {
    if (at === null) await store.records.create(id, value);
    else await store.records.update(id, value, at.keyRevision);
  } catch (error) {
    if (isConflict(error)) return;
    throw error;
  }
  book.set(record);
  log.warn({ id, state: record.state }, 'a record that NATS had lost is written again');
}

async function hasResult({ store, recent, resultObjects }: MendedLedger, { id }: AnalysisRecord): Promise<boolean> {
  if (recent.get(id) !== null) return true;
  const name = resultObjects.get(id);
  const found = name === undefined ? null : await store.results.info(name);
  return found !== null && !found.deleted;
}

function revisionOf(listed: Listed | undefined): string {
  return listed === undefined || typeof listed === 'string' ? 'anew' : String(listed.keyRevision);
}

/**
 * Writes results of which this master still has the bytes.
 * @param certain NATS has lost something: of what it names it may have lost the pieces
 */
async function restoreResults({ store, recent }: MendedLedger, certain: boolean): Promise<void> {
  for (const { name, bytes } of recent.all(performance.now())) {
    const found = certain ? null : await store.results.info(name);
    if (found === null || found.deleted) await store.results.putBlob({ name }, bytes);
  }
}

/**
 * Puts analyses into the queue that are not there. Several masters do so, and one message comes of it.
 * @param nameOf of the message: it is the same at all masters that know the same
 */
export async function requeue(
  store: NatsStore,
  records: readonly AnalysisRecord[],
  nameOf: (record: AnalysisRecord) => string,
  log: Logger,
): Promise<void> {
  if (records.length === 0) return;
  const queued = await store.queuedIds();
  for (const record of records) {
    const { id } = record;
    if (queued.has(id)) continue;
    log.warn({ id }, 'an analysis that has not ended was not in the queue');
    await store.enqueue(id, nameOf(record));
  }
}
