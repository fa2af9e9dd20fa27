import type { TableSize } from '../pcap/kernel.js';
import { growsTooFast } from './thread-plan.js';

/** Looks at the table of one scan at even distances. */
export class GrowthWatch {
  #before: TableSize | null = null;
  #bytes = 0;
  #nextLook: number;
  #looks = 0;

  constructor(
    /** Bytes of the file from look to look. */
    private readonly distanceBytes: number,
    private readonly table: () => TableSize,
  ) {
    this.#nextLook = distanceBytes;
  }

  get looks(): number {
    return this.#looks;
  }

  /** So many more bytes are scanned. True: conversations come so fast that splitting does not pay. */
  passed(bytes: number): boolean {
    this.#bytes += bytes;
    if (this.#bytes < this.#nextLook) return false;
    this.#nextLook = this.#bytes + this.distanceBytes;
    const [before, now] = [this.#before, this.table()];
    this.#before = now;
    this.#looks++;
    // The first look tells nothing: whatever a table meets first is new to it.
    return before !== null && growsTooFast(before, now);
  }
}
