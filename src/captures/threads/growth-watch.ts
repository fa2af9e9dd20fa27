import type { TableSize } from '../../pcap/kernel.js';
import { growsTooFast } from './thread-plan.js';

/** Looks at the table of one scan at even distances. */
export class GrowthWatch {
  private before: TableSize | null = null;
  private bytes = 0;
  private nextLook: number;
  private looked = 0;

  constructor(
    /** Bytes of the file from look to look. */
    private readonly distanceBytes: number,
    private readonly table: () => TableSize,
  ) {
    this.nextLook = distanceBytes;
  }

  get looks(): number {
    return this.looked;
  }

  /** So many more bytes are scanned. True: conversations come so fast that splitting does not pay. */
  passed(bytes: number): boolean {
    this.bytes += bytes;
    if (this.bytes < this.nextLook) return false;
    this.nextLook = this.bytes + this.distanceBytes;
    const [before, now] = [this.before, this.table()];
    this.before = now;
    this.looked++;
    // The first look tells nothing: whatever a table meets first is new to it.
    return before !== null && growsTooFast(before, now);
  }
}
