/** Jobs that there is room for at first; most streams never have more. */
const capacityFirst = 16;

/** In place of an id that the hub has not told yet. */
const unnamed = -1;

/**
 * The jobs of a stream that have no answer yet, in rows of flat arrays: a stream with thousands of them at 400,000 a second
 * would otherwise hold as many objects, just long enough to grow old, and with them some 50 MB of heap.
 */
export class OutstandingJobs {
  private tags = new BigUint64Array(capacityFirst);
  /** The hub's ids. */
  private ids = new Float64Array(capacityFirst);
  private bytes = new Uint32Array(capacityFirst);
  /** 1: its answer is text. */
  private texts = new Uint8Array(capacityFirst);
  /** Free rows, the last `free` of them. */
  private rows = new Int32Array(capacityFirst);
  private free = 0;
  /** Rows below it have been in use. */
  private used = 0;
  /** Which rows are in use. */
  private taken = new Uint8Array(capacityFirst);

  get size(): number {
    return this.used - this.free;
  }

  /** @param payloadBytes of its payload @param text its answer is text. @returns the row of a new job */
  add(tag: bigint, payloadBytes = 0, text = true): number {
    const row = this.free > 0 ? this.rows[--this.free] : this.used++;
    if (row === this.tags.length) this.grow();
    this.tags[row] = tag;
    this.ids[row] = unnamed;
    this.bytes[row] = payloadBytes;
    this.texts[row] = text ? 1 : 0;
    this.taken[row] = 1;
    return row;
  }

  /** The hub has named a job, which may have ended meanwhile. */
  named(row: number, id: number): void {
    if (this.taken[row] === 1) this.ids[row] = id;
  }

  has(row: number): boolean {
    return this.taken[row] === 1;
  }

  payloadBytes(row: number): number {
    return this.bytes[row];
  }

  isText(row: number): boolean {
    return this.texts[row] === 1;
  }

  /** Takes a job out. @returns its caller's tag */
  take(row: number): bigint {
    this.taken[row] = 0;
    this.rows[this.free++] = row;
    return this.tags[row];
  }

  /** Takes all out. @returns the hub's ids of them */
  clear(): number[] {
    const ids: number[] = [];
    for (let row = 0; row < this.used; row++)
      if (this.taken[row] === 1 && this.ids[row] !== unnamed) ids.push(this.ids[row]);
    this.taken.fill(0);
    this.free = this.used = 0;
    return ids;
  }

  private grow(): void {
    const length = this.tags.length * 2;
    const { tags, ids, bytes, texts, rows, taken } = this;
    (this.tags = new BigUint64Array(length)).set(tags);
    (this.ids = new Float64Array(length)).set(ids);
    (this.bytes = new Uint32Array(length)).set(bytes);
    (this.texts = new Uint8Array(length)).set(texts);
    (this.rows = new Int32Array(length)).set(rows);
    (this.taken = new Uint8Array(length)).set(taken);
  }
}
