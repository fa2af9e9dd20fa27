/** Not yet known, numbers between delimiters, or one job in every byte. */
export type Framing = 'undecided' | 'lines' | 'records';

/** Stands in place of a job number for a token that is no number. */
export const NOT_A_NUMBER = -1;

/** Stands in place of a job number for a number of more digits than the bound. */
export const NUMBER_TOO_LONG = -2;

const newline = 0x0a;
const zero = 0x30;
const nine = 0x39;

/** Newline, comma and blank; carriage return and tab count as blanks, because telnet and Windows send them. */
function isDelimiter(byte: number): boolean {
  return byte === newline || byte === 0x2c || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

/** A digit means its value, so that '1' and the raw byte 0x01 are the same job; any other byte means itself. */
function recordJob(byte: number): number {
  return byte >= zero && byte <= nine ? byte - zero : byte;
}

/**
 * Turns the bytes of one connection into job numbers. The first chunk that is not empty chooses the framing for good: a
 * delimiter in it means lines, none means records. In records framing a delimiter is no job and is passed over, so a
 * client that sends `1` and its newline in two packets still gets one answer for one job.
 *
 * Chunks go in, numbers come out in `jobs[0..count)`, which the next push overwrites. No object is made per job.
 */
export class FrameDecoder {
  /** Numbers of the last push: a job number, NOT_A_NUMBER or NUMBER_TOO_LONG. */
  readonly jobs: Float64Array;
  count = 0;
  framing: Framing = 'undecided';

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
  ) {
    this.jobs = jobs;
  }

  /** True within a number whose end has not come: the sender owes the rest. */
  get unfinished(): boolean {
    return this.token !== 0;
  }

  /**
   * Decodes chunk[from..] until the chunk ends or `most` numbers are found.
   * @returns the position of the first byte that was not looked at; chunk.length when all was
   */
  push(chunk: Uint8Array, from: number, most: number): number {
    this.count = 0;
    if (from >= chunk.length) return chunk.length;
    if (this.framing === 'undecided') this.framing = chunk.some(isDelimiter) ? 'lines' : 'records';
    const jobsMax = Math.min(most, this.jobs.length);
    return this.framing === 'lines' ? this.pushLines(chunk, from, jobsMax) : this.pushRecords(chunk, from, jobsMax);
  }

  /** The stream has ended: a last number without a delimiter counts. Puts at most one number into `jobs`. */
  end(): void {
    this.count = 0;
    if (this.token !== 0) this.jobs[this.count++] = this.finishToken();
  }

  private pushLines(chunk: Uint8Array, from: number, jobsMax: number): number {
    let at = from;
    let count = 0;
    for (; at < chunk.length && count < jobsMax; at++) {
      const byte = chunk[at];
      if (byte >= zero && byte <= nine) {
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

  private pushRecords(chunk: Uint8Array, from: number, jobsMax: number): number {
    let at = from;
    let count = 0;
    for (; at < chunk.length && count < jobsMax; at++) {
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
