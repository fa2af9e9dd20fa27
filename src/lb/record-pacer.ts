/**
 * Says when the next record of one connection may be written: never more than `burst` within any `windowMs`. Faster, and
 * TCP merges records into full segments that the client's recv(1024) then sees in pieces. Time is passed in.
 */
export class RecordPacer {
  /** When each of the last `burst` records was written. */
  private readonly writtenMs: Float64Array;
  private oldest = 0;

  constructor(
    burst = 4,
    private readonly windowMs = 1,
  ) {
    this.writtenMs = new Float64Array(burst).fill(-Infinity);
  }

  /** Milliseconds to wait before the next record may be written; 0 when it may be written now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.writtenMs[this.oldest] + this.windowMs - nowMs);
  }

  /** A record was written. */
  wrote(nowMs: number): void {
    this.writtenMs[this.oldest] = nowMs;
    this.oldest = (this.oldest + 1) % this.writtenMs.length;
  }
}
