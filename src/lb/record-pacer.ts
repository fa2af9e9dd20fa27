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
