import { csvRow } from '../csv.js';
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
  yield csvRow(['file', ...columns]);
  for (const { entry, pairs } of kept) {
    for (const pair of pairs) yield csvRow([entry.file, ...columns.map((column) => pair[column])]);
  }
}
