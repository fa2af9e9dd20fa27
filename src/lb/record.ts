/** Length of every answer in records framing: the exercise's original client calls recv(1024) once for each job. */
export const recordBytes = 1024;

const blank = 0x20;
const newline = 0x0a;

/**
 * An answer as a record: the text, blanks up to the length, the last byte a newline. A text that does not fit is
 * replaced by an error that says so, because half an answer would be taken for a whole one.
 */
export function toRecord(answer: Uint8Array, length = recordBytes): Buffer {
  const record = Buffer.alloc(length, blank);
  if (answer.length < length) record.set(answer);
  else record.write(`ERROR answer of ${answer.length} bytes is over ${length - 1}; use lines framing`, 'latin1');
  record[length - 1] = newline;
  return record;
}

/** At most so many records within any such time. */
export interface PaceLimit {
  readonly records: number;
  readonly withinMs: number;
}

/** Says when the next record of one connection may be written. Time is passed in. */
export class RecordPacer {
  /** When each of the last records was written; as many as the largest limit looks back on. */
  private readonly writtenMs: Float64Array;
  private next = 0;

  constructor(private readonly limits: readonly PaceLimit[]) {
    this.writtenMs = new Float64Array(Math.max(...limits.map(({ records }) => records))).fill(-Infinity);
  }

  /** Milliseconds to wait before the next record may be written; 0 when it may be written now. */
  waitMs(nowMs: number): number {
    const { writtenMs, next } = this;
    let waitMs = 0;
    for (const { records, withinMs } of this.limits) {
      const before = writtenMs[(next - records + writtenMs.length) % writtenMs.length];
      waitMs = Math.max(waitMs, before + withinMs - nowMs);
    }
    return waitMs;
  }

  /** A record was written. */
  wrote(nowMs: number): void {
    this.writtenMs[this.next] = nowMs;
    this.next = (this.next + 1) % this.writtenMs.length;
  }
}
