/** Pieces of large results that have come so far on one stream. */
export class ResultParts {
  private readonly parts = new Map<number, Uint8Array[]>();
  private bytes = 0;

  /** @param bytesMax bytes held at once over all jobs of the stream */
  constructor(private readonly bytesMax: number) {}

  /** False: the bound is passed. */
  add(job: number, data: Uint8Array): boolean {
    this.bytes += data.length;
    if (this.bytes > this.bytesMax) return false;
    const parts = this.parts.get(job);
    if (parts === undefined) this.parts.set(job, [data]);
    else parts.push(data);
    return true;
  }

  /** The pieces of a job, no longer held here; undefined when there are none. */
  take(job: number): Uint8Array[] | undefined {
    if (this.parts.size === 0) return undefined;
    const parts = this.parts.get(job);
    if (parts === undefined) return undefined;
    this.parts.delete(job);
    for (const part of parts) this.bytes -= part.length;
    return parts;
  }
}
