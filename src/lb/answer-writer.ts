import { isUtf8 } from 'node:buffer';
import { answerBytesBound } from '../common/limits.js';
import { varintLength } from '../common/wire.js';

/** Bytes that the first message has room for at first. */
const roomFirst = 1024;

/**
 * Bytes of an answer beside its text or bytes and the name of its worker: a tag, seconds, attempts, and keys
 * and lengths.
 */
const headBytesMax = 64;

/** Keys of RunJobsResponse and TaggedResult: the number of each field and its wire type. */
const keys = {
  results: 0x0a,
  tag: 0x08,
  result: 0x12,
  error: 0x1a,
  worker: 0x22,
  seconds: 0x29,
  attempts: 0x30,
  bytes: 0x3a,
};

const noBytes = Buffer.alloc(0);

/** The job that an answer is for: its caller's tag, in two halves of 32 bits, and whether its answer is text. */
export interface AnsweredJob {
  readonly low: number;
  readonly high: number;
  readonly text: boolean;
}

/** Writes answers into a RunJobsResponse as they come: none of them becomes an object, and each is copied once. */
export class AnswerWriter {
  /** Answers in the message. */
  count = 0;
  private out = noBytes;
  private at = 0;
  /** Bytes of the message before: the next one is as long, as a rule. */
  private before = roomFirst;
  private name = '';
  private nameBytes = noBytes;

  /** Bytes of the message so far. */
  get length(): number {
    return this.at;
  }

  /** An answer stands in `bytes` from `start` to `end`. @param worker name of who gave it */
  add(
    job: AnsweredJob,
    bytes: Uint8Array,
    start: number,
    end: number,
    worker: string,
    execSeconds: number,
    attempts: number,
  ): void {
    let answer = bytes.subarray(start, end);
    // A text of the wire is UTF-8, whatever a kind has made.
    if (job.text && !isUtf8(answer)) {
      answer = Buffer.from(Buffer.from(answer).toString());
      // Each byte that is none may become three.
      if (answer.length > answerBytesBound)
        return this.addError(
          job,
          `JOB_FAILED: its answer is no UTF-8, and over ${answerBytesBound} bytes as text: its kind needs answers: bytes`,
        );
    }
    if (worker !== this.name) [this.name, this.nameBytes] = [worker, Buffer.from(worker)];
    this.put(job, job.text ? keys.result : keys.bytes, answer, this.nameBytes, execSeconds, attempts);
  }

  /** A job has no answer. */
  addError(job: AnsweredJob, error: string): void {
    this.put(job, keys.error, Buffer.from(error), noBytes, 0, 0);
  }

  /** The message; the next one begins empty. */
  take(): Buffer {
    const { out, at } = this;
    this.at = this.count = 0;
    this.before = at;
    this.out = noBytes;
    const message = out.subarray(0, at);
    // One that is hardly filled is copied, for it may wait long for a caller to read it.
    return at * 2 < out.length ? Buffer.from(message) : message;
  }

  private put(
    { low, high }: AnsweredJob,
    key: number,
    answer: Uint8Array,
    worker: Uint8Array,
    execSeconds: number,
    attempts: number,
  ): void {
    const { length } = answer;
    // Fields of no length are left out, but bytes: they say what the answer is.
    const told = length > 0 || key === keys.bytes;
    let size = told ? 1 + varintLength(length) + length : 0;
    if (low !== 0 || high !== 0) size += 1 + (high === 0 ? varintLength(low) : wideLength(low, high));
    if (worker.length > 0) size += 1 + varintLength(worker.length) + worker.length;
    if (execSeconds !== 0) size += 9;
    if (attempts > 0) size += 1 + varintLength(attempts);
    this.room(size + headBytesMax);
    const { out } = this;
    out[this.at++] = keys.results;
    this.varint(size);
    if (low !== 0 || high !== 0) {
      out[this.at++] = keys.tag;
      this.wide(low, high);
    }
    if (told) this.field(key, answer);
    if (worker.length > 0) this.field(keys.worker, worker);
    if (execSeconds !== 0) {
      out[this.at++] = keys.seconds;
      this.at = out.writeDoubleLE(execSeconds, this.at);
    }
    if (attempts > 0) {
      out[this.at++] = keys.attempts;
      this.varint(attempts);
    }
    this.count++;
  }

  private field(key: number, bytes: Uint8Array): void {
    this.out[this.at++] = key;
    this.varint(bytes.length);
    this.out.set(bytes, this.at);
    this.at += bytes.length;
  }

  private varint(value: number): void {
    for (; value > 0x7f; value >>>= 7) this.out[this.at++] = (value & 0x7f) | 0x80;
    this.out[this.at++] = value;
  }

  private wide(low: number, high: number): void {
    for (; high > 0; high >>>= 7) {
      this.out[this.at++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
    }
    this.varint(low);
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.out.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.at + bytes, this.before + headBytesMax, this.out.length * 2));
    larger.set(this.out.subarray(0, this.at));
    this.out = larger;
  }
}

function wideLength(low: number, high: number): number {
  // Four groups of seven bits lie in the lower half, and one in both.
  return high < 8 ? (high === 0 ? varintLength(low) : 5) : 5 + varintLength(high >>> 3);
}
