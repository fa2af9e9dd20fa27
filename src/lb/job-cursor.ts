import { BinaryReader } from '@bufbuild/protobuf/wire';
import { TriremeError } from '../common/errors.js';
import { walkFields, wireTypes } from '../common/wire.js';
import { TaggedJob } from '../gen/trireme/v1/job.js';

/** The number of RunJobsRequest.jobs. */
const jobsField = 1;
const jobsKey = (jobsField << 3) | wireTypes.bytes;

/**
 * The jobs of a RunJobsRequest as it came. A job takes 2 bytes of a message and some 40 as an object, so a message of 8 MiB
 * could become 80 MB and more at one go: its jobs are counted first, and become objects only as they are taken.
 */
export class JobCursor {
  /** Jobs that are left. */
  left = 0;
  private readonly reader: BinaryReader;

  /** @throws TriremeError USAGE when the bytes are no such message */
  constructor(bytes: Uint8Array) {
    try {
      walkFields(bytes, 0, bytes.length, (field, wireType) => {
        if (field === jobsField && wireType === wireTypes.bytes) this.left++;
      });
    } catch (error) {
      throw malformed(error);
    }
    this.reader = new BinaryReader(bytes);
  }

  /** The next job; only while some are left. @throws TriremeError USAGE when it is malformed */
  next(): TaggedJob {
    const { reader } = this;
    try {
      for (let key = reader.uint32(); key !== jobsKey; key = reader.uint32()) reader.skip(key & 7, key >>> 3);
      this.left--;
      return TaggedJob.decode(reader, reader.uint32());
    } catch (error) {
      throw malformed(error);
    }
  }
}

function malformed(error: unknown): TriremeError {
  return new TriremeError('USAGE', `a RunJobsRequest is malformed: ${(error as Error).message}`, { cause: error });
}
