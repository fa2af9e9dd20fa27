import { TriremeError } from '../common/errors.js';
import type { Logger } from '../common/logging.js';
import type { Lease, PlanFacts } from '../ledger/types.js';
import type { ChunkPlan } from '../pcap/types.js';
import { readAnswer, type ChunkAnswer } from './chunk-answer.js';
import { keyOf } from './chunk-jobs.js';

/**
 * Results of chunks that wait to be written to the ledger: past it no chunk is handed out, because they are in memory.
 */
const journalQueuedBytesMax = 256 * 1024 * 1024;
/** Kept chunks that are read at once when an analysis is resumed: the merge takes them one at a time. */
const journalLoadsMax = 4;

export interface ChunkJournalOwner {
  /** A chunk of an earlier master, taken over. */
  resumed(plan: ChunkPlan, answer: ChunkAnswer): void;
  /** Its bytes are gone or damaged: it is to be scanned. */
  notResumed(plan: ChunkPlan): void;
  /** Chunks that were added are written, or will not be. */
  written(plans: readonly ChunkPlan[]): void;
}

interface Queued {
  readonly plan: ChunkPlan;
  readonly key: string;
  readonly bytes: Uint8Array;
}

/**
 * The finished chunks of one analysis in its ledger: written beside the scan, several at once, and taken over when
 * another master had finished them. A ledger that cannot be written stops no analysis: it goes on without.
 */
export class ChunkJournal {
  private queued: Queued[] = [];
  private queuedBytes = 0;
  private writing: Promise<void> | null = null;
  private readonly toLoad: ChunkPlan[] = [];
  private loading = 0;
  private closed = false;
  /** Why chunks are not written any more; null: they are. */
  trouble: string | null = null;

  constructor(
    private readonly lease: Lease,
    /** False: nothing could resume from it, so nothing is written. */
    private readonly durable: boolean,
    private readonly owner: ChunkJournalOwner,
    private readonly log: Logger,
    /** Options that the answers must tell of: see mustHeed(). */
    private readonly asked: readonly string[] = [],
  ) {}

  /** Whether a chunk is finished already. */
  has(plan: ChunkPlan): boolean {
    return this.lease.chunkKeys.has(keyOf(plan));
  }

  /** More is not to be scanned before some is written: results wait in memory. */
  get behind(): boolean {
    return this.queuedBytes > journalQueuedBytesMax;
  }

  get writes(): boolean {
    return this.durable && this.trouble === null;
  }

  async plan(facts: PlanFacts): Promise<void> {
    try {
      await this.lease.plan(facts);
    } catch (error) {
      this.giveUp(error);
    }
  }

  /**
   * Takes a worker's answer, as it came, to be written. The bytes are copied.
   * @returns false when it will not be written, so that no `written` comes for it
   */
  add(plan: ChunkPlan, answer: Uint8Array): boolean {
    if (!this.writes) return false;
    const bytes = frame(plan, answer);
    this.queued.push({ plan, key: keyOf(plan), bytes });
    this.queuedBytes += bytes.length;
    this.writing ??= this.write();
    return true;
  }

  /** Finished chunks that are to be taken over, in file order; `first`: the proof waits for them. */
  resume(plans: readonly ChunkPlan[], first = false): void {
    if (first) this.toLoad.unshift(...plans);
    else this.toLoad.push(...plans);
  }

  /** Loads chunks that begin before this position. */
  feed(before: number): void {
    while (!this.closed && this.loading < journalLoadsMax && this.toLoad.length > 0) {
      if (this.toLoad[0].start >= before) return;
      this.loading++;
      void this.load(this.toLoad.shift() as ChunkPlan);
    }
  }

  /** These cannot matter any more. */
  drop(plans: readonly ChunkPlan[]): void {
    const unwanted = new Set(plans.map(keyOf));
    for (let i = this.toLoad.length - 1; i >= 0; i--) {
      if (unwanted.has(keyOf(this.toLoad[i]))) this.toLoad.splice(i, 1);
    }
  }

  /** Resolves when what was added is written or given up. */
  async flush(): Promise<void> {
    while (this.writing !== null) await this.writing;
  }

  /** Takes nothing and tells nothing any more. */
  close(): void {
    this.closed = true;
    this.queued = [];
    this.toLoad.length = 0;
  }

  private async write(): Promise<void> {
    // One turn of the event loop gathers what came with it.
    await new Promise((resolve) => setImmediate(resolve));
    const chunks = this.queued;
    this.queued = [];
    try {
      if (chunks.length > 0) await this.lease.writeChunks(chunks);
    } catch (error) {
      this.giveUp(error);
    }
    for (const { bytes } of chunks) this.queuedBytes -= bytes.length;
    this.writing = this.queued.length > 0 ? this.write() : null;
    if (!this.closed) this.owner.written(chunks.map(({ plan }) => plan));
  }

  private giveUp(caught: unknown): void {
    const error = TriremeError.from(caught);
    // A lease that is gone ends the analysis by its own way.
    if (this.closed || this.trouble !== null || error.code === 'LEASE_LOST' || error.code === 'CANCELLED') return;
    this.trouble = error.message;
    this.log.error({ id: this.lease.record.id, error: error.message }, 'chunks are not kept any more');
  }

  private async load(plan: ChunkPlan): Promise<void> {
    let answer: ChunkAnswer | null = null;
    try {
      const bytes = await this.lease.readChunk(keyOf(plan));
      const scanned = bytes === null ? null : unframe(plan, bytes);
      answer = scanned === null ? null : readAnswer(scanned, plan, this.asked);
    } catch (error) {
      this.log.warn(
        { id: this.lease.record.id, error: TriremeError.from(error).message },
        'a kept chunk cannot be read',
      );
    }
    this.loading--;
    if (this.closed) return;
    if (answer !== null) this.owner.resumed(plan, answer);
    else {
      const { id, attempts: attempt } = this.lease.record;
      this.log.warn({ id, attempt, chunk: keyOf(plan) }, 'a kept chunk is damaged and scanned again');
      this.owner.notResumed(plan);
    }
  }
}

/** The plan leads: an answer counts only for the very same one, with the same state in force at its start. */
function frame(plan: ChunkPlan, answer: Uint8Array): Uint8Array {
  const head = Buffer.from(canonical(plan));
  const bytes = Buffer.allocUnsafeSlow(4 + head.length + answer.length);
  bytes.writeUInt32LE(head.length, 0);
  bytes.set(head, 4);
  bytes.set(answer, 4 + head.length);
  return bytes;
}

/** Null: it is the answer to another plan. */
function unframe(plan: ChunkPlan, bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < 4) return null;
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = 4 + all.readUInt32LE(0);
  return end <= all.length && all.toString('utf8', 4, end) === canonical(plan) ? bytes.subarray(end) : null;
}

/** The same text for equal plans, whoever made them: keys in order. */
function canonical(plan: ChunkPlan): string {
  return JSON.stringify(plan, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
