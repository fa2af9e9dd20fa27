import type { JobStatus } from '../../gen/trireme/v1/worker.js';

/** Jobs of one batch: about a millisecond of the cheapest kind. */
export const jobsPerBatchMax = 2_048;

/** Bytes of the payloads of one batch, as many as its answers; a larger payload travels alone, in a message. */
export const payloadBytesMax = 256 * 1024;

/** What lies between payloads so that each lies in its words as it did before, at most. */
const gapBytesMax = jobsPerBatchMax * 8;

/** Bytes of the answers of one batch that fit shared memory (128 for each job); more travel in a message. */
export const answerBytesMax = 256 * 1024;

/**
 * Batches that one thread has: one that runs and one that waits, so that the thread never waits for the main thread.
 */
export const batchesPerThreadMax = 2;

if (answerBytesMax < jobsPerBatchMax * 64) throw new Error('a full batch of digests must fit the answers of a frame');

/** Cells of the control words that the main thread and a job thread share. */
export const Control = {
  /** Batches given so far; the thread sleeps on this word. Written by the main thread. */
  GIVEN: 0,
  /** Batches begun so far. Written by the thread. */
  BEGUN: 1,
  /** Batches ended so far. Written by the thread. */
  ENDED: 2,
  /** 1 while a wake-up is on its way to the main thread, so that it gets one and not one per batch. */
  WOKEN: 3,
  /** Answers of the batch that runs, and words of progress: signs of life. Written by the thread. */
  ANSWERED: 4,
  PROGRESS: 5,
} as const;

const controlBytes = 64;
const headWords = 6;
const frameBytes =
  8 + headWords * 4 + jobsPerBatchMax * (8 + 4 + 4 + 4 + 4 + 1) + payloadBytesMax + gapBytesMax + answerBytesMax;

/** JobStatus of the wire, by value: the generated module brings gRPC along, 77 ms and 14 MB on every job thread. */
export const Status = { DONE: 1, FAILED: 2, NOT_RUN: 3 } as const satisfies Partial<
  Record<keyof typeof JobStatus, JobStatus>
>;

/** Seconds on a clock that all threads of the process share; performance.now() counts from the start of its thread. */
export function processSeconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds + nanoseconds / 1e9;
}

/** How the payloads of a batch, or its answers, travel. */
export const Travel = { NONE: 0, SHARED: 1, MESSAGE: 2 } as const;

/**
 * Room for one batch and its answers, in shared memory. Whose turn it is follows from Control; no cell is
 * written by two at once.
 */
export class Frame {
  /** Seconds that the whole batch ran. */
  readonly execSeconds: Float64Array;
  /** When nobody waits any more for each job, on the clock of processSeconds; only where hasDeadlines says so. */
  readonly deadline: Float64Array;
  /** Where each payload stands. */
  readonly payloadFrom: Uint32Array;
  readonly payloadSize: Uint32Array;
  readonly answerSize: Uint32Array;
  /** JobStatus of each job. */
  readonly status: Int32Array;
  /** 1 for each job that was cancelled. Written by the main thread while the batch runs. */
  readonly cancelled: Uint8Array;
  readonly payloads: Uint8Array;
  readonly answers: Uint8Array;
  private readonly head: Int32Array;

  constructor(memory: SharedArrayBuffer, offset: number) {
    let at = offset;
    const next = (bytes: number): number => (at += bytes) - bytes;
    this.execSeconds = new Float64Array(memory, next(8), 1);
    this.head = new Int32Array(memory, next(headWords * 4), headWords);
    this.deadline = new Float64Array(memory, next(jobsPerBatchMax * 8), jobsPerBatchMax);
    this.payloadFrom = new Uint32Array(memory, next(jobsPerBatchMax * 4), jobsPerBatchMax);
    this.payloadSize = new Uint32Array(memory, next(jobsPerBatchMax * 4), jobsPerBatchMax);
    this.answerSize = new Uint32Array(memory, next(jobsPerBatchMax * 4), jobsPerBatchMax);
    this.status = new Int32Array(memory, next(jobsPerBatchMax * 4), jobsPerBatchMax);
    this.cancelled = new Uint8Array(memory, next(jobsPerBatchMax), jobsPerBatchMax);
    this.payloads = new Uint8Array(memory, next(payloadBytesMax + gapBytesMax), payloadBytesMax + gapBytesMax);
    this.answers = new Uint8Array(memory, next(answerBytesMax), answerBytesMax);
  }

  get kind(): number {
    return this.head[0];
  }
  set kind(number: number) {
    this.head[0] = number;
  }

  get count(): number {
    return this.head[1];
  }
  set count(jobs: number) {
    this.head[1] = jobs;
  }

  get payloadTravel(): number {
    return this.head[2];
  }
  set payloadTravel(travel: number) {
    this.head[2] = travel;
  }

  get answerTravel(): number {
    return this.head[3];
  }
  set answerTravel(travel: number) {
    this.head[3] = travel;
  }

  /** Bytes of `payloads` that are in use. */
  get payloadBytes(): number {
    return this.head[5];
  }
  set payloadBytes(bytes: number) {
    this.head[5] = bytes;
  }

  get hasDeadlines(): boolean {
    return this.head[4] === 1;
  }
  set hasDeadlines(has: boolean) {
    this.head[4] = has ? 1 : 0;
  }
}

/** The memory that the main thread and one job thread share: control words, and frames that take turns. */
export class ThreadMemory {
  readonly control: Int32Array;
  /** Units that the running batch has done; only kinds with long jobs write it. */
  readonly progress: Float64Array;
  private readonly frames: readonly Frame[];

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(controlBytes + frameBytes * batchesPerThreadMax);
  }

  constructor(memory: SharedArrayBuffer) {
    this.control = new Int32Array(memory, 0, 8);
    this.progress = new Float64Array(memory, 32, 1);
    this.frames = Array.from(
      { length: batchesPerThreadMax },
      (_, index) => new Frame(memory, controlBytes + index * frameBytes),
    );
  }

  /** The frame of the batch with this number, counted from 0 and modulo 2^32. */
  frame(batch: number): Frame {
    return this.frames[batch & (batchesPerThreadMax - 1)];
  }
}

if ((batchesPerThreadMax & (batchesPerThreadMax - 1)) !== 0)
  throw new Error('batchesPerThreadMax must be a power of two');
if (frameBytes % 8 !== 0) throw new Error('frames must keep 8-byte alignment');
