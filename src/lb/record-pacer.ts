/** At most so many records within any such time. */
export interface PaceLimit {
  readonly records: number;
  readonly withinMs: number;
}

/**
 * Faster than the first, and TCP merges records into full segments, which the client's recv(1024) then sees in pieces.
 * The second is what is kept up for long. A client that stands still, because its machine is busy, must not find its
 * receive window full, which merges them as well: over veth 4 a millisecond broke answers after 0.15 s, 1 after 0.45 s.
 */
export const paceLimits: readonly PaceLimit[] = [
  { records: 4, withinMs: 1 },
  { records: 64, withinMs: 64 },
];

/** Says when the next record of one connection may be written. Time is passed in. */
export class RecordPacer {
  /** When each of the last records was written; as many as the largest limit looks back on. */
  private readonly writtenMs: Float64Array;
  private next = 0;

  constructor(private readonly limits = paceLimits) {
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
