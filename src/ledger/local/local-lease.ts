import { TriremeError } from '../../common/errors.js';
import { leaseLost, released } from '../transitions.js';
import type { AnalysisRecord, FinishedChunk, Lease, Outcome, PlanFacts, ProgressFacts } from '../types.js';
import type { LocalStore } from './local-store.js';

/** What a lease does to its ledger, once it has made sure that it is still the one. */
export interface LocalLeaseOwner {
  keysOf(id: string): Set<string>;
  /** @param stored false: facts for those who watch, which need not outlive the process */
  change(record: AnalysisRecord, stored: boolean): Promise<void>;
  release(record: AnalysisRecord): Promise<void>;
  end(record: AnalysisRecord, outcome: Outcome): Promise<AnalysisRecord>;
}

/** A lease where the process that holds the store is the only one: it is lost by cancelling alone. */
export class LocalLease implements Lease {
  /** Its process holds the lock of the folder. */
  readonly sure = true;
  private now: AnalysisRecord;
  private lostWith: TriremeError | null = null;
  private over = false;
  private listener: ((error: TriremeError) => void) | null = null;

  constructor(
    private readonly ledger: LocalLeaseOwner,
    private readonly store: LocalStore,
    readonly record: AnalysisRecord,
  ) {
    this.now = record;
  }

  get chunkKeys(): ReadonlySet<string> {
    return this.ledger.keysOf(this.record.id);
  }

  readChunk(key: string): Promise<Uint8Array | null> {
    return this.store.readChunk(this.record.id, key);
  }

  async plan(facts: PlanFacts): Promise<void> {
    this.check();
    const { plan } = this.now;
    if (plan?.chunkBytes === facts.chunkBytes && plan.engine === facts.engine) return;
    this.ledger.keysOf(this.record.id).clear();
    this.now = { ...this.now, plan: facts };
    await this.store.dropChunks(this.record.id);
    await this.ledger.change(this.now, true);
  }

  async writeChunks(chunks: readonly FinishedChunk[]): Promise<void> {
    this.check();
    await this.store.putChunks(this.record.id, chunks);
    // Ended meanwhile: the files were removed before or after they were written.
    if (this.lostWith !== null || this.over) await this.store.dropChunks(this.record.id);
    this.check();
    for (const { key } of chunks) this.ledger.keysOf(this.record.id).add(key);
  }

  progress(facts: ProgressFacts): void {
    if (this.over || this.lostWith !== null) return;
    this.now = { ...this.now, progress: facts };
    void this.ledger.change(this.now, false);
  }

  async finish(outcome: Outcome): Promise<void> {
    this.check();
    this.over = true;
    await this.ledger.end(this.now, outcome);
  }

  async release(): Promise<void> {
    this.check();
    this.over = true;
    await this.ledger.release(released(this.now));
  }

  onLost(listener: (error: TriremeError) => void): void {
    if (this.lostWith !== null) listener(this.lostWith);
    else this.listener = listener;
  }

  /** The analysis was ended by another. */
  lose(now: AnalysisRecord): void {
    if (this.over || this.lostWith !== null) return;
    this.lostWith = leaseLost(now);
    this.listener?.(this.lostWith);
  }

  private check(): void {
    if (this.lostWith !== null) throw this.lostWith;
    if (this.over) throw new TriremeError('LEASE_LOST', `the lease of analysis ${this.record.id} was given back`);
  }
}
