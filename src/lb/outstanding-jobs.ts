import type { AnsweredJob } from './answer-writer.js';

/** Jobs that there is room for at first; most streams never have more. */
const capacityFirst = 16;

/** In place of an id that the hub has not told yet. */
const unnamed = -1;

/**
 * The jobs of a stream that have no answer yet, in rows of flat arrays: a stream with thousands of them at
 * 400,000 a second would otherwise hold as many objects, just long enough to grow old, and with them some 50
 * MB of heap.
 */
export class OutstandingJobs {
  /** Tags in two halves of 32 bits. */
  private lows = new Uint32Array(capacityFirst);
  private highs = new Uint32Array(capacityFirst);
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
  private readonly left = { low: 0, high: 0, text: true };

  get size(): number {
    return this.used - this.free;
  }

  /**
   * @param low, high of its caller's tag
   * @param payloadBytes of its payload
   * @param text its answer is text
   * @returns the row of a new job
   */
  add(low: number, high: number, payloadBytes = 0, text = true): number {
    const row = this.free > 0 ? this.rows[--this.free] : this.used++;
    if (row === this.lows.length) this.grow();
    this.lows[row] = low;
    this.highs[row] = high;
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

  /** Takes a job out. @returns what its answer needs, in a record that is written over by the next */
  take(row: number): AnsweredJob {
    this.taken[row] = 0;
    this.rows[this.free++] = row;
    this.left.low = this.lows[row];
    this.left.high = this.highs[row];
    this.left.text = this.texts[row] === 1;
    return this.left;
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
    const length = this.lows.length * 2;
    const { lows, highs, ids, bytes, texts, rows, taken } = this;
    (this.lows = new Uint32Array(length)).set(lows);
    (this.highs = new Uint32Array(length)).set(highs);
    (this.ids = new Float64Array(length)).set(ids);
    (this.bytes = new Uint32Array(length)).set(bytes);
    (this.texts = new Uint8Array(length)).set(texts);
    (this.rows = new Int32Array(length)).set(rows);
    (this.taken = new Uint8Array(length)).set(taken);
  }
}
