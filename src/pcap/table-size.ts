import type { Kernel } from './kernel.js';
import { cells, sizesRows } from './partial-layout.js';

/** What a table has taken in so far. */
export interface TableSize {
  /** Conversations and address pairs in it. */
  readonly entries: number;
  readonly packets: number;
}

/** Entries of a kernel's table, and packets that were counted in it. */
export function tableSize(kernel: Kernel): TableSize {
  let packets = 0n;
  for (let i = 0; i < sizesRows; i++) packets += kernel.view.getBigUint64(kernel.exports.SIZES.value + 8 * i, true);
  return { entries: Number(kernel.cell(cells.kept) + kernel.cell(cells.kept + 1)), packets: Number(packets) };
}
