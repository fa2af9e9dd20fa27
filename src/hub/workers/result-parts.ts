/** What a piece counts for at least, in bytes: each is an object, and an empty one would cost nothing else. */
export const partBytesCounted = 4096;

interface Pieces {
  readonly data: Uint8Array[];
  bytes: number;
  counted: number;
}

/** Pieces of large results that have come so far on one stream. */
export class ResultParts {
  private readonly parts = new Map<number, Pieces>();
  private counted = 0;

  /** @param bytesMax bytes held at once over all jobs of the stream, as they are counted */
  constructor(private readonly bytesMax: number) {}

  /** Bytes held, as they are counted. */
  get held(): number {
    return this.counted;
  }

  /** False: the bound is passed. */
  add(job: number, data: Uint8Array): boolean {
    const counts = Math.max(partBytesCounted, data.length);
    this.counted += counts;
    if (this.counted > this.bytesMax) return false;
    let pieces = this.parts.get(job);
    if (pieces === undefined) this.parts.set(job, (pieces = { data: [], bytes: 0, counted: 0 }));
    pieces.data.push(data);
    pieces.bytes += data.length;
    pieces.counted += counts;
    return true;
  }

  /** Bytes that have come of a job. */
  bytesOf(job: number): number {
    return this.parts.size === 0 ? 0 : (this.parts.get(job)?.bytes ?? 0);
  }

  /** The pieces of a job, no longer held here; undefined when there are none. */
  take(job: number): Uint8Array[] | undefined {
    if (this.parts.size === 0) return undefined;
    const pieces = this.parts.get(job);
    if (pieces === undefined) return undefined;
    this.parts.delete(job);
    this.counted -= pieces.counted;
    return pieces.data;
  }
}
