import { foreignBytesMax, foreignProtocol, tlsHandshake, type ForeignProtocol } from './foreign-protocol.js';

/** Indexed by job number, 1 where clients may ask for that kind; anything that is no index reads as undefined. */
export type ClientKinds = Uint8Array;

export function clientKindsOf(kinds: readonly { readonly number: number }[]): ClientKinds {
  const table = new Uint8Array(Math.max(0, ...kinds.map((kind) => kind.number)) + 1);
  for (const { number } of kinds) table[number] = 1;
  return table;
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const blank = 0x20;
const zero = 0x30;
const nine = 0x39;

/** Newline, comma and blank; carriage return and tab count as blanks, because telnet and Windows send them. */
export function isDelimiter(byte: number): boolean {
  return byte === newline || byte === 0x2c || byte === 0x20 || byte === 0x0d || byte === 0x09;
}

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= nine;
}

/** The numbers that the decimal digits of a kind of two digits or more begin with, the kind itself included. */
export function kindPrefixesOf(clientKinds: ClientKinds): ReadonlySet<number> {
  const prefixes = new Set<number>();
  for (let kind = 10; kind < clientKinds.length; kind++) {
    if (clientKinds[kind] !== 1) continue;
    for (let rest = kind; rest > 0; rest = Math.floor(rest / 10)) prefixes.add(rest);
  }
  return prefixes;
}

/**
 * Jobs set apart by blanks and commas alone, behind which a client is taken for one of lines: records are 16 times as
 * long and are paced, and no file of digits for a client of records is so long and has commas.
 */
export const doubtJobsMax = 4_096;

/**
 * What a byte means while the framing is open. `job`: it is a job, or it ends one. `held`: it is kept until more is
 * known. `passed`: a delimiter. `lines`, `records`: the framing is decided, and what is held, then this byte, are to be
 * decoded in it. `foreign`: these are the first bytes of another protocol.
 */
export type Step = 'job' | 'held' | 'passed' | 'lines' | 'records' | 'foreign';

/**
 * Chooses the framing of a connection byte by byte, so that it makes no difference how TCP cuts the bytes.
 *
 * A first digit that is a kind is a job at once, because its client may wait for the answer before it sends
 * more; what follows such a digit without a delimiter can therefore only be further records. A number that
 * begins with another digit, or that may become a kind of several digits, is held until its end. A newline
 * before the first job, behind it or between two jobs means lines. Until the framing is decided answers are
 * records, because these are valid lines too.
 */
export class Opening {
  readonly held = new Uint8Array(foreignBytesMax + 1);
  heldLength = 0;
  /** The job of the last step that was a `job`. */
  job = 0;
  /** The protocol of the last step that was `foreign`. */
  protocol: ForeignProtocol | undefined;

  private foreignPossible = true;
  private jobs = 0;
  /** The byte before was a digit that is a job. */
  private behindJob = false;
  /** A newline has come behind two jobs or more. */
  private newlineBehind = false;
  /** The digits held, as a number. */
  private value = 0;

  constructor(
    private readonly clientKinds: ClientKinds,
    private readonly kindPrefixes: ReadonlySet<number>,
    private readonly digitsMax: number,
  ) {}

  /** Takes the next byte. Not called again after `lines`, `records` or `foreign`. */
  step(byte: number): Step {
    if (this.foreignPossible) return this.stepForeign(byte);
    return this.heldLength > 0 ? this.stepNumber(byte) : this.stepJobs(byte);
  }

  /** The sender owes the end of something. Line ends are held too, but nobody waits for what follows them. */
  get unfinished(): boolean {
    return this.heldLength > 0 && this.held[0] !== carriageReturn;
  }

  /** Says whether what is held is to be decoded as records when nothing follows it for framingWaitMs. */
  get mayBeRecords(): boolean {
    if (this.heldLength === 0) return false;
    const [first] = this.held;
    // Text waits for its end, or half a line of HTTP that came slowly would become jobs.
    return isDigit(first) || first === tlsHandshake || this.clientKinds[first] === 1;
  }

  /** No more will come. @returns the framing in which to decode what is held */
  end(): 'lines' | 'records' {
    return this.foreignPossible ? this.framingOfText() : this.framingOfNumber();
  }

  private stepForeign(byte: number): Step {
    this.held[this.heldLength] = byte;
    const found = foreignProtocol(this.held.subarray(0, this.heldLength + 1));
    if (found === 'perhaps') {
      this.heldLength++;
      return 'held';
    }
    if (found !== 'none') {
      this.protocol = found;
      return 'foreign';
    }
    this.foreignPossible = false;
    if (this.heldLength === 1 && this.held[0] === carriageReturn) this.heldLength = 0;
    return this.heldLength === 0 ? this.stepJobs(byte) : this.framingOfText();
  }

  /** Of what began like another protocol and went on otherwise. No digit is among it. */
  private framingOfText(): 'lines' | 'records' {
    const [first] = this.held;
    return first === tlsHandshake || this.clientKinds[first] === 1 ? 'records' : 'lines';
  }

  private stepJobs(byte: number): Step {
    if (isDelimiter(byte)) {
      this.behindJob = false;
      if (this.jobs >= doubtJobsMax) return 'lines';
      if (byte !== newline) return 'passed';
      if (this.jobs <= 1) return 'lines';
      this.newlineBehind = true;
      return 'passed';
    }
    if (this.behindJob) return 'records';
    if (this.newlineBehind) return 'lines';
    // A control byte is a job number as it is, and never a part of text.
    if (!isDigit(byte)) return byte < blank || this.clientKinds[byte] === 1 ? 'records' : 'lines';
    const digit = byte - zero;
    if (this.clientKinds[digit] === 1 && !this.kindPrefixes.has(digit)) {
      this.behindJob = true;
      return this.found(digit);
    }
    this.value = digit;
    this.held[0] = byte;
    this.heldLength = 1;
    return 'held';
  }

  private stepNumber(byte: number): Step {
    const { held, heldLength } = this;
    const startsWithKind = this.clientKinds[held[0] - zero] === 1;
    if (isDigit(byte)) {
      const value = this.value * 10 + (byte - zero);
      if (startsWithKind && !this.kindPrefixes.has(value)) return 'records';
      if (heldLength === this.digitsMax) return 'lines';
      this.value = value;
      held[this.heldLength++] = byte;
      return 'held';
    }
    if (!isDelimiter(byte)) return startsWithKind || byte < blank ? 'records' : 'lines';
    if (heldLength > 1) return this.framingOfNumber();
    if (this.jobs >= doubtJobsMax) return 'lines';
    if (byte === newline) {
      if (this.jobs === 0) return 'lines';
      this.newlineBehind = true;
    }
    this.heldLength = 0;
    return this.found(this.value);
  }

  private framingOfNumber(): 'lines' | 'records' {
    const startsWithKind = this.clientKinds[this.held[0] - zero] === 1;
    return startsWithKind && this.clientKinds[this.value] !== 1 ? 'records' : 'lines';
  }

  private found(job: number): Step {
    this.job = job;
    this.jobs++;
    return 'job';
  }
}
