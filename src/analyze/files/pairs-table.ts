import { anyFull, csvRow } from '../csv-tables.js';
import type { KeptEntry } from '../html/report-data.js';
import type { PairRow } from './pairs.js';

const columns = [
  'a',
  'b',
  'conversations',
  'packets',
  'bytes',
  'packets_a_to_b',
  'bytes_a_to_b',
  'packets_b_to_a',
  'bytes_b_to_a',
] as const satisfies readonly (keyof PairRow)[];

/** Who talks to whom as CSV, all files in one table; made like the tables of csv-tables.ts. */
export function* pairsTable(kept: readonly KeptEntry[]): Generator<string> {
  // Where a table was full, a pair may have conversations that are in no row.
  const full = anyFull(kept.map(({ entry }) => entry));
  yield csvRow(['file', ...columns, ...(full ? ['at_least'] : [])]);
  for (const { entry, pairs } of kept) {
    const rest = full ? [anyFull([entry])] : [];
    for (const pair of pairs) yield csvRow([entry.file, ...columns.map((column) => pair[column]), ...rest]);
  }
}
