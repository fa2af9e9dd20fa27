import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TriremeError } from '../common/errors.js';
import { walkFields, wireTypes } from '../common/wire.js';
import { payloadBytesBound } from '../kinds/folder-kind.js';
import { TaggedJob } from '../gen/trireme/v1/job.js';

/** The number of RunJobsRequest.jobs. */
const jobsField = 1;

/**
 * Fields looked at in one turn of the event loop: some 0.04 ms, where the 2 million of a message of 8 MiB take 100 ms. Thirty
 * such streams take their turns one after another, and other clients wait for all of them.
 */
export const fieldsPerTurnMax = 1_024;

/** Bytes of one job beside its payload: 13, and those of a name. */
export const jobBytesMax = 1_024;

/** Fields of one job: a later version may add some, and nobody may have two million of them skipped. */
const jobFieldsMax = 64;

/**
 * The jobs of a RunJobsRequest as it came. A job takes 2 bytes of a message and some 40 as an object, so a message of 8 MiB
 * could become 80 MB and more at one go: its jobs are found some thousand at a time, and become objects only as they are taken.
 */
export class JobCursor {
  /** Of the jobs that were found and not taken: place and length of each, in turn, from `head` on. */
  private places: number[] = [];
  private head = 0;
  /** Up to where jobs were looked for. */
  private at = 0;
  private readonly reader: BinaryReader;

  constructor(private readonly bytes: Uint8Array) {
    this.reader = new BinaryReader(bytes);
  }

  /** Jobs that were found and are left; no more than twice fieldsPerTurnMax. */
  get left(): number {
    return (this.places.length - this.head) / 2;
  }

  /** Whether all its jobs were taken. */
  get done(): boolean {
    return this.left === 0 && this.at === this.bytes.length;
  }

  /** Looks for more jobs, over fieldsPerTurnMax fields at most; at none while that many are left. @throws TriremeError USAGE */
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

  /** The next job; only while some are left. @throws TriremeError USAGE when it is malformed */
  next(): TaggedJob {
    const { reader, places } = this;
    reader.pos = places[this.head++];
    const length = places[this.head++];
    try {
      if (length > jobBytesMax) this.checkLong(reader.pos, length);
      return TaggedJob.decode(reader, length);
    } catch (error) {
      throw malformed(error);
    }
  }

  /** A job that has a payload, or is malformed. */
  private checkLong(from: number, length: number): void {
    const most = jobBytesMax + payloadBytesBound;
    if (length > most) throw new RangeError(`a job has ${length} bytes, over the bound of ${most}`);
    const end = walkFields(this.bytes, from, from + length, nothing, jobFieldsMax);
    if (end < from + length) throw new RangeError(`a job has more than ${jobFieldsMax} fields`);
  }
}

function nothing(): void {
  // Fields are counted, not looked at.
}

function malformed(error: unknown): TriremeError {
  return new TriremeError('USAGE', `a RunJobsRequest is malformed: ${(error as Error).message}`, { cause: error });
}
