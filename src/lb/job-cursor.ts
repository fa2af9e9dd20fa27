import { TriremeError } from '../common/errors.js';
import { walkFields, wireTypes } from '../common/wire.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';

/** The number of RunJobsRequest.jobs. */
const jobsField = 1;

/** Keys of TaggedJob: the number of each field and its wire type. */
const keys = { tag: 0x08, kind: 0x10, name: 0x1a, payload: 0x22, version: 0x2a } as const;

/**
 * Fields looked at in one turn of the event loop: some 0.04 ms, where the 2 million of a message of 8 MiB
 * take 100 ms. Thirty such streams take their turns one after another, and other clients wait for all of
 * them.
 */
export const fieldsPerTurnMax = 1_024;

/** Bytes of one job beside its payload: 13, and those of a name. */
export const jobBytesMax = 1_024;

/** Fields of one job: a later version may add some, and nobody may have two million of them skipped. */
const jobFieldsMax = 64;

const noBytes = new Uint8Array(0);

/**
 * The jobs of a RunJobsRequest as it came. A job takes 2 bytes of a message and some 40 as an object, so a
 * message of 8 MiB could become 80 MB and more at one go: its jobs are found some thousand at a time, and
 * none becomes an object. One is read at a time, into the fields of this.
 */
export class JobCursor {
  /** The tag of the job that was read last, in two halves of 32 bits. */
  low = 0;
  high = 0;
  kind = 0;
  name = '';
  version = '';
  /** Its payload, which stands in the message. */
  payload: Uint8Array = noBytes;
  /** Answers that are errors are text. */
  readonly text = true;
  /** Of the jobs that were found and not taken: place and length of each, in turn, from `head` on. */
  private places: number[] = [];
  private head = 0;
  /** Up to where jobs were looked for. */
  private at = 0;
  /** Where the next byte of a job is read. */
  private pos = 0;
  /** Upper half of the number that was read last. */
  private above = 0;
  /** Where the last name stands that was read: jobs of one message have the same, as a rule. */
  private nameFrom = 0;
  private nameLength = 0;
  private nameText = '';

  constructor(private readonly bytes: Uint8Array) {}

  /** Jobs that were found and are left; no more than twice fieldsPerTurnMax. */
  get left(): number {
    return (this.places.length - this.head) / 2;
  }

  /** Whether all its jobs were taken. */
  get done(): boolean {
    return this.left === 0 && this.at === this.bytes.length;
  }

  /**
   * Looks for more jobs, over fieldsPerTurnMax fields at most; at none while that many are left. @throws
   * TriremeError USAGE
   */
  look(): void {
    const { bytes } = this;
    if (this.at === bytes.length || this.left >= fieldsPerTurnMax) return;
    this.places = this.places.slice(this.head);
    this.head = 0;
    try {
      this.at = walkFields(
        bytes,
        this.at,
        bytes.length,
        (field, wireType, from, to) => {
          if (field === jobsField && wireType === wireTypes.bytes) this.places.push(from, to - from);
        },
        fieldsPerTurnMax,
      );
    } catch (error) {
      throw malformed(error);
    }
  }

  /** Reads the next job; only while some are left. @throws TriremeError USAGE when it is malformed */
  next(): void {
    const { places } = this;
    const from = places[this.head++];
    try {
      this.read(from, places[this.head++]);
    } catch (error) {
      throw malformed(error);
    }
  }

  private read(from: number, length: number): void {
    const most = jobBytesMax + payloadBytesBound;
    if (length > most) throw new RangeError(`a job has ${length} bytes, over the bound of ${most}`);
    this.low = this.high = this.kind = 0;
    this.name = this.version = '';
    this.payload = noBytes;
    this.pos = from;
    const end = from + length;
    for (let left = length > jobBytesMax ? jobFieldsMax : Infinity; this.pos < end; left--) {
      if (left === 0) throw new RangeError(`a job has more than ${jobFieldsMax} fields`);
      this.field(end);
    }
  }

  private field(end: number): void {
    const start = this.pos;
    let key = this.bytes[start];
    if (key > 0x7f) key = this.longKey(end);
    switch (key) {
      case keys.tag:
        this.low = this.number(end);
        this.high = this.above;
        return;
      case keys.kind:
        this.kind = this.number(end) | 0;
        return;
      case keys.name: {
        const length = this.length(end);
        if (!this.sameName(length)) this.nameText = this.string(length);
        [this.nameFrom, this.nameLength] = [this.pos, length];
        this.name = this.nameText;
        this.pos += length;
        return;
      }
      case keys.payload: {
        const length = this.length(end);
        this.payload = this.bytes.subarray(this.pos, (this.pos += length));
        return;
      }
      case keys.version: {
        const length = this.length(end);
        this.version = this.string(length);
        this.pos += length;
        return;
      }
      default:
        this.pos = walkFields(this.bytes, start, end, nothing, 1);
    }
  }

  /** A key in more bytes than it needs is that key: then `pos` is at its last byte. 0: one of another field. */
  private longKey(end: number): number {
    const { bytes, pos } = this;
    for (let at = pos + 1; at < end && at < pos + 10; at++) {
      if ((bytes[at] & 0x7f) !== 0) return 0;
      if (bytes[at] === 0) {
        this.pos = at;
        return bytes[pos] & 0x7f;
      }
    }
    return 0;
  }

  /** The number behind a key of one byte; its upper half is `above`. */
  private number(end: number): number {
    const { bytes } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0, at = this.pos + 1; shift < 70; shift += 7, at++) {
      if (at >= end) throw new RangeError('a number is cut short');
      const bits = bytes[at] & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high = bits >>> 4;
      if (bytes[at] > 0x7f) continue;
      this.pos = at + 1;
      this.above = high >>> 0;
      return low >>> 0;
    }
    throw new RangeError('a number has more than 10 bytes');
  }

  /** The length behind a key of one byte, of what lies within the job. */
  private length(end: number): number {
    const length = this.number(end);
    if (this.above > 0 || this.pos + length > end) throw new RangeError('a field points behind the end of its job');
    return length;
  }

  private sameName(length: number): boolean {
    const { bytes, pos, nameFrom } = this;
    if (length !== this.nameLength) return false;
    for (let at = 0; at < length; at++) if (bytes[pos + at] !== bytes[nameFrom + at]) return false;
    return true;
  }

  private string(length: number): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.pos, length).toString();
  }
}

function nothing(): void {
  // Fields are counted, not looked at.
}

function malformed(error: unknown): TriremeError {
  return new TriremeError('USAGE', `a RunJobsRequest is malformed: ${(error as Error).message}`, { cause: error });
}
