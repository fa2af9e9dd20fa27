import type { FactsEntry } from './entry.js';
import { nameForms, valueOf, type NameTableName, type NameValue } from '../pcap/name-tables.js';

interface NamesTable {
  readonly columns: readonly string[];
  rows(entry: FactsEntry): NameValue[][];
}

/** A table of files for each table of names. Bounds are empty where the table was not full. */
export const namesTables = Object.fromEntries(
  nameForms.map(({ name, columns, table }) => [
    name,
    {
      columns: columns.map(({ field }) => field),
      rows: ({ names }: FactsEntry): NameValue[][] =>
        names === undefined ? [] : table(names).rows.map((row) => columns.map((column) => valueOf(row, column))),
    },
  ]),
) as unknown as Readonly<Record<NameTableName, NamesTable>>;
