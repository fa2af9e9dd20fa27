import type { TriremeError } from '../../common/errors.js';
import type { BatchSource, KindBatch } from '../../kinds/kind.js';
import {
  answerBytesMax,
  Control,
  processSeconds,
  Status,
  Travel,
  type Frame,
  type ThreadMemory,
} from './thread-memory.js';

/** Answers up to this size are copied byte by byte: a call of set() costs more. */
const smallBytes = 24;

/** Where answers of a batch are put together; a thread runs one batch at a time. */
let workroom: Uint8Array | null = null;

/** The jobs of one frame as their kind sees them. Answers go straight into shared memory while they fit. */
export class FrameBatch implements KindBatch {
  readonly count: number;
  readonly source: BatchSource | null;
  private readonly memory: ThreadMemory;
  private readonly frame: Frame;
  private readonly alone: Uint8Array | null;
  private answers: Uint8Array;
  private answered = 0;
  private bytes = 0;
  /** Of the frame, copied at one go; made when the first one is asked for. */
  private payloads: Uint8Array | null = null;

  /** batch is the number of the batch, from 0; alone is the payload that came in a message. */
  constructor(
    memory: ThreadMemory,
    batch: number,
    alone: Uint8Array | null,
    source: BatchSource | null,
    readonly traceparent = '',
  ) {
    this.memory = memory;
    this.frame = memory.frame(batch);
    this.count = this.frame.count;
    this.source = source;
    this.alone = alone;
    this.answers = this.frame.answers;
  }

  payload(index: number): Uint8Array {
    if (this.alone !== null) return this.alone;
    if (this.frame.payloadTravel === Travel.NONE) return new Uint8Array(0);
    const { payloadFrom, payloadSize, payloads, payloadBytes } = this.frame;
    // Word by word, and not byte by byte: see putPayloads.
    this.payloads ??= payloads.slice(0, payloadBytes);
    const from = payloadFrom[index];
    // Decoders (TextDecoder among them) do not take shared memory, so a kind gets a copy, of its own.
    return this.payloads.slice(from, from + payloadSize[index]);
  }

  answer(bytes: Uint8Array): void {
    this.put(bytes, Status.DONE);
  }

  answerEach(bytes: Uint8Array, bytesEach: number): void {
    const jobs = bytes.length / bytesEach;
    if (!Number.isInteger(jobs) || this.answered + jobs > this.count) {
      throw new Error(
        `${bytes.length} bytes are not answers of ${bytesEach} bytes for ${this.count - this.answered} jobs`,
      );
    }
    this.room(bytes.length);
    this.answers.set(bytes, this.bytes);
    this.bytes += bytes.length;
    this.frame.answerSize.fill(bytesEach, this.answered, this.answered + jobs);
    this.frame.status.fill(Status.DONE, this.answered, this.answered + jobs);
    this.answered += jobs;
    this.memory.control[Control.ANSWERED] = this.answered;
  }

  fail(reason: string): void {
    this.put(Buffer.from(reason), Status.FAILED);
  }

  notRun(reason: string): void {
    this.put(Buffer.from(reason), Status.NOT_RUN);
  }

  cancelled(index = this.answered): boolean {
    const { cancelled, deadline, hasDeadlines } = this.frame;
    if (Atomics.load(cancelled, Math.min(index, this.count - 1)) === 1) return true;
    return hasDeadlines && index < this.count && deadline[index] <= processSeconds();
  }

  progress(units: number): void {
    this.memory.progress[0] = units;
    Atomics.add(this.memory.control, Control.PROGRESS, 1);
  }

  /** Answers every job NOT_RUN if nobody waits for any of them any more. */
  refuseCancelled(): boolean {
    for (let index = 0; index < this.count; index++) if (!this.cancelled(index)) return false;
    while (this.answered < this.count) this.notRun('CANCELLED: before it began');
    return true;
  }

  /**
   * Gives what has no answer this error: NOT_RUN when it may go better elsewhere, else FAILED. Returns the
   * answers when they did not fit shared memory, else null.
   */
  end(error: TriremeError): Uint8Array | null {
    const status = error.kind.retry ? Status.NOT_RUN : Status.FAILED;
    while (this.answered < this.count) this.put(Buffer.from(error.message), status);
    const { answers } = this.frame;
    const bytes = this.answers.subarray(0, this.bytes);
    const fits = this.bytes <= answers.length;
    this.frame.answerTravel = fits ? Travel.SHARED : Travel.MESSAGE;
    if (fits && this.answers !== answers) answers.set(bytes);
    return fits ? null : bytes;
  }

  /**
   * Answers are put together in memory of this thread: at one go they are copied word by word, each by itself
   * byte by byte.
   */
  private leaveShared(): void {
    workroom ??= new Uint8Array(answerBytesMax);
    workroom.set(this.answers.subarray(0, this.bytes));
    this.answers = workroom;
  }

  private put(bytes: Uint8Array, status: number): void {
    const index = this.answered;
    if (index >= this.count) throw new Error(`there are ${this.count} jobs in the batch and one more answer came`);
    const { length } = bytes;
    if (length > smallBytes && this.answers === this.frame.answers) this.leaveShared();
    if (this.bytes + length > this.answers.length) this.room(length);
    if (length <= smallBytes) {
      for (let at = 0; at < length; at++) this.answers[this.bytes + at] = bytes[at];
    } else this.answers.set(bytes, this.bytes);
    this.bytes += length;
    this.frame.answerSize[index] = length;
    this.frame.status[index] = status;
    this.answered = this.memory.control[Control.ANSWERED] = index + 1;
  }

  private room(bytes: number): void {
    if (this.bytes + bytes <= this.answers.length) return;
    const larger = new Uint8Array(Math.max(this.bytes + bytes, this.answers.length * 2));
    larger.set(this.answers.subarray(0, this.bytes));
    this.answers = larger;
  }
}
