import { TriremeError } from '../common/errors.js';
import { noWorker, type Hub, type JobSink, type WorkerSnapshot } from '../hub/types.js';
import type { ChunkPlan } from '../pcap/types.js';
import { readAnswer, type ChunkAnswer } from './chunk-answer.js';
import { stragglerFactor, stragglerSecondsMin, stragglerSecondsUnknown } from './limits.js';

/** Number of the kind SCAN_CHUNK. */
export const scanChunkKind = 100;

/** One time that a chunk was handed to the hub. */
interface Attempt {
  readonly chunk: Chunk;
  job: number;
  /** Worker that has it, and since when; noWorker while it waits at the hub. */
  worker: number;
  givenAt: number;
}

interface Chunk {
  readonly plan: ChunkPlan;
  readonly bytes: number;
  readonly attempts: Map<number, Attempt>;
  done: boolean;
}

export interface ChunkJobsOwner {
  /** First answer to a chunk. */
  answered(plan: ChunkPlan, bytes: number, answer: ChunkAnswer): void;
  /** A chunk has no answer and will have none. */
  failed(error: TriremeError): void;
}

/** The chunks of one analysis as jobs: given out in order, copied when one of the last is slow, counted once. */
export class ChunkJobs implements JobSink {
  private readonly waiting: Chunk[] = [];
  private readonly running = new Map<number, Attempt>();
  /** By keyOf: plans come from another thread, a new object each time. */
  private readonly chunks = new Map<string, Chunk>();
  private readonly seconds: number[] = [];
  private tags = 0;
  private closed = false;
  copies = 0;

  constructor(
    private readonly hub: Hub,
    private readonly payloadOf: (plan: ChunkPlan) => Uint8Array,
    private readonly sizeBytes: number,
    private readonly owner: ChunkJobsOwner,
    private readonly now: () => number,
  ) {}

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
    while (!this.closed && this.running.size < outstandingMax) {
      if (this.waiting.length === 0 || this.waiting[0].plan.start >= before) return;
      this.submit(this.waiting.shift() as Chunk, noWorker);
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

  /** Near the end: the chunk that runs longest is given to an idle worker too, if it runs unduly long. */
  copyStraggler(): void {
    if (this.closed || this.waiting.length > 0 || this.running.size === 0) return;
    let slowest: Attempt | undefined;
    for (const attempt of this.running.values()) {
      // A chunk that waits at the hub will have the idle worker itself.
      if (attempt.worker === noWorker) return;
      if (attempt.chunk.attempts.size === 1 && attempt.givenAt < (slowest?.givenAt ?? Infinity)) slowest = attempt;
    }
    if (slowest === undefined) return;
    const { worker, chunk, givenAt } = slowest;
    const { workers } = this.hub.snapshot();
    const holder = workers.find((each) => each.number === worker);
    if (holder?.state !== 'SILENT' && this.now() - givenAt < this.undueSeconds(chunk, holder)) return;
    const free = (each: WorkerSnapshot): boolean => each.state === 'SERVING' && each.outstanding < each.slots;
    if (!workers.some((each) => each.number !== worker && free(each))) return;
    this.copies++;
    this.submit(chunk, worker);
  }

  /** Cancels all. */
  close(): void {
    this.closed = true;
    for (const chunk of this.chunks.values()) this.settle(chunk);
  }

  given(tag: number, worker: number): void {
    const attempt = this.running.get(tag);
    if (attempt === undefined) return;
    attempt.worker = worker;
    attempt.givenAt = this.now();
  }

  done(tag: number, bytes: Uint8Array, start: number, end: number): void {
    const attempt = this.running.get(tag);
    if (attempt === undefined) return;
    const { chunk } = attempt;
    this.seconds.push(this.now() - attempt.givenAt);
    this.forget(tag);
    let answer: ChunkAnswer;
    try {
      answer = readAnswer(bytes.subarray(start, end), chunk.plan);
    } catch (error) {
      if (chunk.attempts.size === 0) this.owner.failed(TriremeError.from(error));
      return;
    }
    this.settle(chunk);
    this.owner.answered(chunk.plan, chunk.bytes, answer);
  }

  failed(tag: number, error: TriremeError): void {
    const attempt = this.running.get(tag);
    if (attempt === undefined) return;
    this.forget(tag);
    // A copy may still answer.
    if (attempt.chunk.attempts.size === 0 && !attempt.chunk.done) this.owner.failed(error);
  }

  private submit(chunk: Chunk, avoidWorker: number): void {
    const tag = ++this.tags;
    const attempt: Attempt = { chunk, job: 0, worker: noWorker, givenAt: Infinity };
    this.running.set(tag, attempt);
    chunk.attempts.set(tag, attempt);
    attempt.job = this.hub.submit(scanChunkKind, chunk.bytes, this.payloadOf(chunk.plan), 0, avoidWorker, this, tag);
  }

  private chunkOf(plan: ChunkPlan): Chunk {
    const bytes = Math.max(1, (plan.end ?? this.sizeBytes) - plan.start);
    const chunk: Chunk = { plan, bytes, attempts: new Map(), done: false };
    this.chunks.set(keyOf(plan), chunk);
    return chunk;
  }

  /** The chunk needs no answer any more: what still runs for it is cancelled. */
  private settle(chunk: Chunk): void {
    chunk.done = true;
    for (const [tag, attempt] of [...chunk.attempts]) {
      this.forget(tag);
      this.hub.cancel(attempt.job);
    }
  }

  private forget(tag: number): void {
    this.running.get(tag)?.chunk.attempts.delete(tag);
    this.running.delete(tag);
  }

  private undueSeconds(chunk: Chunk, holder: WorkerSnapshot | undefined): number {
    if (this.seconds.length === 0) {
      const cost = holder?.kinds.find(({ kind }) => kind === scanChunkKind)?.secondsPerUnit ?? 0;
      return Math.max(stragglerSecondsUnknown, stragglerFactor * cost * chunk.bytes);
    }
    const sorted = [...this.seconds].sort((a, b) => a - b);
    return Math.max(stragglerSecondsMin, stragglerFactor * sorted[sorted.length >> 1]);
  }
}

function keyOf({ start, end, startCertain }: ChunkPlan): string {
  return `${start}-${end ?? ''}-${startCertain ? 'certain' : 'guess'}`;
}
