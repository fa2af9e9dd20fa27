import { createHash } from 'node:crypto';
import { TriremeError } from '../common/errors.js';
import { noJob, noWorker, type JobSink } from '../hub/port/job-sink.js';
import type { Hub } from '../hub/port/hub.js';
import { storedRange } from '../pcap/chunk-plans.js';
import type { ChunkPlan } from '../pcap/types.js';
import { readAnswer, type ChunkAnswer } from './chunk-answer.js';

/** Chunks at the hub for each slot: one that runs, one that is there when it ends. */
export const chunksOutstandingPerSlot = 2;

/** Number of the kind SCAN_CHUNK. */
export const scanChunkKind = 100;

interface Chunk {
  readonly plan: ChunkPlan;
  readonly bytes: number;
  /** As the hub knows it while it has it, else noJob; and the tag under which it answers. */
  job: number;
  tag: number;
  /** Worker that has it, or noWorker. */
  worker: number;
  /** Jobs of it that ended because their workers were lost. */
  lostJobs: number;
}

export interface ChunkJobsOwner {
  /**
   * The answer to a chunk from the worker of this number, as it was read and as it came; the latter is valid
   * during the call.
   */
  answered(plan: ChunkPlan, answer: ChunkAnswer, raw: Uint8Array, worker: number): void;
  /** The hub gave a chunk to a worker, for the first time or again. Left out: not of interest. */
  given?(plan: ChunkPlan, worker: number): void;
  /** True: no worker is to get a chunk now, neither for the first time nor again. Left out: any may at any time. */
  readonly heldBack?: boolean;
  /** A chunk whose workers were lost waits to be handed out once more. Left out: there are no such tries. */
  waitsAgain?(): void;
  /** A chunk has no answer and will have none. */
  failed(error: TriremeError): void;
}

/** The chunks of one analysis as jobs: given out in order, counted once. The hub copies those that take too long. */
export class ChunkJobs implements JobSink {
  private readonly waiting: Chunk[] = [];
  /** By tag. */
  private readonly running = new Map<number, Chunk>();
  /** By keyOf: plans come from another thread, a new object each time. */
  private readonly chunks = new Map<string, Chunk>();
  private tags = 0;
  private closed = false;

  constructor(
    private readonly hub: Hub,
    private readonly payloadOf: (plan: ChunkPlan) => Uint8Array,
    private readonly sizeBytes: number,
    private readonly owner: ChunkJobsOwner,
    /** Jobs that a chunk may be, one after the other, while all that is wrong is that the workers are lost. */
    private readonly jobsMax = 1,
    /** Options that the answers must tell of: see mustHeed(). */
    private readonly asked: readonly string[] = [],
  ) {}

  get heldBack(): boolean {
    return this.owner.heldBack === true;
  }

  /** Chunks with the hub and not answered. */
  get outstanding(): number {
    return this.running.size;
  }

  get unassigned(): number {
    return this.waiting.length;
  }

  add(plans: readonly ChunkPlan[]): void {
    for (const plan of plans) this.waiting.push(this.chunkOf(plan));
  }

  /** A chunk to scan again: the proof waits for it, so it goes first. */
  addFirst(plan: ChunkPlan): void {
    this.waiting.unshift(this.chunkOf(plan));
  }

  /** Hands chunks that begin before this position to the hub, until so many are with it. */
  feed(outstandingMax: number, before: number): void {
    while (!this.closed && !this.heldBack && this.running.size < outstandingMax) {
      if (this.waiting.length === 0 || this.waiting[0].plan.start >= before) return;
      this.submit(this.waiting.shift() as Chunk);
    }
  }

  /** These results cannot matter any more. */
  drop(plans: readonly ChunkPlan[]): void {
    for (const plan of plans) {
      const chunk = this.chunks.get(keyOf(plan));
      if (chunk === undefined) continue;
      const at = this.waiting.indexOf(chunk);
      if (at !== -1) this.waiting.splice(at, 1);
      this.settle(chunk);
    }
  }

  /** Number of the worker that scans this chunk, or null. */
  holderOf(plan: ChunkPlan): number | null {
    const chunk = this.chunks.get(keyOf(plan));
    return chunk === undefined || !this.running.has(chunk.tag) || chunk.worker === noWorker ? null : chunk.worker;
  }

  /** Cancels all. */
  close(): void {
    this.closed = true;
    for (const chunk of this.chunks.values()) this.settle(chunk);
  }

  given(tag: number, worker: number): void {
    const chunk = this.running.get(tag);
    if (chunk === undefined) return;
    chunk.worker = worker;
    this.owner.given?.(chunk.plan, worker);
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number, worker: number): void {
    const chunk = this.running.get(tag);
    if (chunk === undefined) return;
    this.running.delete(tag);
    const raw = bytes.subarray(start, end);
    let answer: ChunkAnswer;
    try {
      answer = readAnswer(raw, chunk.plan, this.asked);
    } catch (error) {
      this.owner.failed(TriremeError.from(error));
      return;
    }
    this.owner.answered(chunk.plan, answer, raw, worker);
  }

  failed(tag: number, error: TriremeError): void {
    const chunk = this.running.get(tag);
    if (chunk === undefined) return;
    this.running.delete(tag);
    if (error.code !== 'WORKER_LOST' || ++chunk.lostJobs >= this.jobsMax) {
      this.owner.failed(unfit.test(error.message) ? unfitError(error) : error);
      return;
    }
    this.waiting.unshift(chunk);
    this.owner.waitsAgain?.();
  }

  private submit(chunk: Chunk): void {
    chunk.tag = ++this.tags;
    chunk.worker = noWorker;
    this.running.set(chunk.tag, chunk);
    const { bytes, tag } = chunk;
    chunk.job = this.hub.submit(scanChunkKind, bytes, this.payloadOf(chunk.plan), 0, noWorker, this, tag);
  }

  private chunkOf(plan: ChunkPlan): Chunk {
    const { from, to } = storedRange(plan, this.sizeBytes);
    const bytes = Math.max(1, to - from);
    const chunk: Chunk = { plan, bytes, job: noJob, tag: 0, worker: noWorker, lostJobs: 0 };
    this.chunks.set(keyOf(plan), chunk);
    return chunk;
  }

  /** The chunk needs no answer any more: if it is with the hub it is cancelled. */
  private settle(chunk: Chunk): void {
    if (this.running.delete(chunk.tag)) this.hub.cancel(chunk.job);
  }
}

/** How the reason of a chunk begins that the filter does not fit (src/kinds/chunk-scan.ts). */
const unfit = /^FILTER_UNFIT: /;

function unfitError(error: TriremeError): TriremeError {
  return new TriremeError('FILTER_UNFIT', error.message.replace(unfit, ''), { cause: error });
}

/** Name of a chunk within its analysis. */
export function keyOf({ start, end, startCertain, tcpStates, tcpLogged, packed }: ChunkPlan): string {
  const inOrder = packed?.before === undefined ? '' : '-rest';
  const logged = tcpLogged === true ? '-logged' : '';
  const range = `${start}-${end ?? ''}-${startCertain ? 'certain' : 'guess'}${logged}${inOrder}`;
  return tcpStates === undefined ? range : `${range}-${createHash('sha256').update(tcpStates).digest('hex')}`;
}
