import type { TriremeError } from '../../common/errors.js';
import type { BatchSource, KindBatch } from '../../kinds/kind.js';
import { Control, processSeconds, Status, Travel, type Frame, type ThreadMemory } from './thread-memory.js';

/** Answers up to this size are copied byte by byte: a call of set() costs more. */
const smallBytes = 24;

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
  /** Where the payload of a job begins, the last one that was asked for. */
  private payloadIndex = 0;
  private payloadStart = 0;

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
    // One after another, as a rule: the next begins where the last one ended.
    if (index < this.payloadIndex) this.payloadIndex = this.payloadStart = 0;
    while (this.payloadIndex < index) this.payloadStart += this.frame.payloadSize[this.payloadIndex++];
    const start = this.payloadStart;
    // Decoders (TextDecoder among them) do not take shared memory, so a kind gets a copy.
    return this.frame.payloads.slice(start, start + this.frame.payloadSize[index]);
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
   * Gives what has no answer this error: NOT_RUN when it may go better elsewhere, else FAILED. Returns the answers when they
   * did not fit shared memory, else null.
   */
  end(error: TriremeError): Uint8Array | null {
    const status = error.kind.retry ? Status.NOT_RUN : Status.FAILED;
    while (this.answered < this.count) this.put(Buffer.from(error.message), status);
    const shared = this.answers === this.frame.answers;
    this.frame.answerTravel = shared ? Travel.SHARED : Travel.MESSAGE;
    return shared ? null : this.answers.subarray(0, this.bytes);
  }

  private put(bytes: Uint8Array, status: number): void {
    const index = this.answered;
    if (index >= this.count) throw new Error(`there are ${this.count} jobs in the batch and one more answer came`);
    const { length } = bytes;
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
