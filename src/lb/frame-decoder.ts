import type { ForeignProtocol } from './foreign-protocol.js';
import { ClientKinds, isDelimiter, isDigit, Opening } from './opening.js';

/** Not yet known, numbers between delimiters, or one job in every byte. */
export type Framing = 'undecided' | 'lines' | 'records';

/** Stands in place of a job number for a token that is no number. */
export const NOT_A_NUMBER = -1;

/** Stands in place of a job number for a number of more digits than the bound. */
export const NUMBER_TOO_LONG = -2;

const zero = 0x30;

/** A digit means its value, so that '1' and the raw byte 0x01 are the same job; any other byte means itself. */
function recordJob(byte: number): number {
  return isDigit(byte) ? byte - zero : byte;
}

/**
 * Turns the bytes of one connection into job numbers. `Opening` chooses the framing from the first bytes. In records
 * framing a delimiter is no job and is passed over.
 *
 * Chunks go in, numbers come out in `jobs[0..count)`, which the next push overwrites. No object is made per job.
 */
export class FrameDecoder {
  /** Numbers of the last push: a job number, NOT_A_NUMBER or NUMBER_TOO_LONG. */
  readonly jobs: Float64Array;
  count = 0;
  /** While it is undecided answers are to be written as records. */
  framing: Framing = 'undecided';
  /** The client speaks this, and none of its bytes is a job. */
  foreign: ForeignProtocol | undefined;

  /** Undefined once the framing is decided and what it held is decoded, and behind foreign bytes. */
  private opening: Opening | undefined;
  /** How much of what the opening held is decoded. */
  private heldAt = 0;
  private value = 0;
  private digits = 0;
  /** 0: between numbers; 1: within a number; otherwise the code that this token will be answered by. */
  private token = 0;

  /**
   * @param digitsMax digits of a number, from 1 to 15: more would not be exact in a double
   * @param jobs where numbers are put; its length bounds the numbers of one push. Decoders may share one array, because
   *   it is read before the next push.
   */
  constructor(
    private readonly digitsMax: number,
    jobs: Float64Array,
    clientKinds: ClientKinds,
    kindPrefixes: ReadonlySet<number>,
  ) {
    this.jobs = jobs;
    this.opening = new Opening(clientKinds, kindPrefixes, digitsMax);
  }

  /** True within a number whose end has not come: the sender owes the rest. */
  get unfinished(): boolean {
    return this.token !== 0 || (this.opening?.unfinished ?? false);
  }

  /** Bytes are held that `settle` decides about when nothing follows them. */
  get undecidedRecords(): boolean {
    return this.framing === 'undecided' && (this.opening?.mayBeRecords ?? false);
  }

  /**
   * The framing is decided, and bytes that came before are still to be decoded: push again, with an empty chunk too.
   */
  get backlog(): boolean {
    return this.framing !== 'undecided' && this.opening !== undefined;
  }

  /** Nothing has followed what is held for framingWaitMs: it is records. */
  settle(): void {
    if (this.undecidedRecords) this.framing = 'records';
  }

  /**
   * Decodes chunk[from..] until the chunk ends or `most` numbers are found.
   * @returns the position of the first byte that was not looked at; chunk.length when all was
   */
  push(chunk: Uint8Array, from: number, most: number): number {
    this.count = 0;
    const jobsMax = Math.min(most, this.jobs.length);
    const at = this.framing === 'undecided' ? this.open(chunk, from, jobsMax) : from;
    if (this.framing === 'undecided' || !this.decodeHeld(jobsMax)) return at;
    return this.decode(chunk, at, chunk.length, jobsMax);
  }

  /** The stream has ended: a last number without a delimiter counts. Call it again while there is a backlog. */
  end(most: number): void {
    this.count = 0;
    if (this.framing === 'undecided' && this.opening?.unfinished) this.framing = this.opening.end();
    if (this.framing === 'undecided' || !this.decodeHeld(Math.min(most, this.jobs.length))) return;
    if (this.token !== 0 && this.count < most) this.jobs[this.count++] = this.finishToken();
  }

  /** Steps through bytes until the framing is decided; the byte that decides is left to the framing. */
  private open(chunk: Uint8Array, from: number, jobsMax: number): number {
    const { opening } = this;
    if (opening === undefined) return chunk.length;
    let at = from;
    for (; at < chunk.length && this.count < jobsMax; at++) {
      const step = opening.step(chunk[at]);
      if (step === 'job') {
        this.jobs[this.count++] = opening.job;
      } else if (step === 'foreign') {
        this.foreign = opening.protocol;
        this.opening = undefined;
        return chunk.length;
      } else if (step === 'lines' || step === 'records') {
        this.framing = step;
        break;
      }
    }
    return at;
  }

  /** Decodes what the opening held. @returns whether all of it is done */
  private decodeHeld(jobsMax: number): boolean {
    const { opening } = this;
    if (opening === undefined) return true;
    this.heldAt = this.decode(opening.held, this.heldAt, opening.heldLength, jobsMax);
    if (this.heldAt < opening.heldLength) return false;
    this.opening = undefined;
    return true;
  }

  private decode(bytes: Uint8Array, from: number, end: number, jobsMax: number): number {
    return this.framing === 'lines'
      ? this.decodeLines(bytes, from, end, jobsMax)
      : this.decodeRecords(bytes, from, end, jobsMax);
  }

  private decodeLines(chunk: Uint8Array, from: number, end: number, jobsMax: number): number {
    let at = from;
    let { count } = this;
    for (; at < end && count < jobsMax; at++) {
      const byte = chunk[at];
      if (isDigit(byte)) {
        if (this.token === 0) this.token = 1;
        if (this.token !== 1) continue;
        this.value = this.value * 10 + (byte - zero);
        if (++this.digits > this.digitsMax) this.token = NUMBER_TOO_LONG;
      } else if (isDelimiter(byte)) {
        if (this.token !== 0) this.jobs[count++] = this.finishToken();
      } else {
        this.token = NOT_A_NUMBER;
      }
    }
    this.count = count;
    return at;
  }

  private decodeRecords(chunk: Uint8Array, from: number, end: number, jobsMax: number): number {
    let at = from;
    let { count } = this;
    for (; at < end && count < jobsMax; at++) {
      const byte = chunk[at];
      if (!isDelimiter(byte)) this.jobs[count++] = recordJob(byte);
    }
    this.count = count;
    return at;
  }

  private finishToken(): number {
    const job = this.token === 1 ? this.value : this.token;
    this.value = 0;
    this.digits = 0;
    this.token = 0;
    return job;
  }
}
