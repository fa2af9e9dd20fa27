import { loadRowWriter } from '../captures/scan/scan-module.js';
import type { Entry, FactsEntry } from './entry.js';
import { hasFacts } from './entry.js';
import { PackedRows } from '../pcap/rows/packed-rows.js';
import { boundFieldsOf } from '../pcap/rows/row-writer.js';
import {
  boundColumns,
  furtherOf,
  limitColumns,
  limitsOf,
  summaryColumns,
  summaryFields,
  tables,
  type Field,
  type FurtherColumns,
  type Table,
  type TableName,
} from './tables.js';

/** The further columns that rows have; all entries were asked for alike. */
function furtherColumns(name: TableName, entries: readonly Entry[]): FurtherColumns {
  const { columns, rowOf, fields } = furtherOf(name) ?? noFurther;
  const rows = entries.filter(hasFacts).flatMap((entry) => rowOf(entry, 0) ?? []);
  const there = columns.map((column) => rows.some((row) => column in row));
  return {
    columns: columns.filter((_, i) => there[i]),
    rowOf,
    fields: (entry, number) => fields(entry, number).filter((_, i) => there[i]),
  };
}

const noFurther: FurtherColumns = { columns: [], rowOf: () => undefined, fields: () => [] };

/** Whether the table of a file was full: then what is exact and what is bounded must be told. */
export function anyFull(entries: readonly Entry[]): boolean {
  return entries.some((entry) => hasFacts(entry) && entry.conversations_limit !== undefined);
}

/** One table over all files, its header row first. Files without counts are rows of `summary` only. */
export function* csvDocument(name: TableName, entries: readonly Entry[]): Generator<string | Uint8Array> {
  const full = anyFull(entries);
  if (name === 'summary') {
    yield csvRow(['file', ...summaryColumns, ...(full ? limitColumns : [])]);
    for (const entry of entries) {
      yield csvRow([entry.file, ...summaryFields(entry), ...(full ? limitsOf(entry) : [])]);
    }
    return;
  }
  const table: Table = tables[name];
  const bounds = full && table.bounded !== undefined;
  const further = furtherColumns(name, entries);
  yield csvRow(['file', ...table.columns, ...(bounds ? boundColumns : []), ...further.columns]);
  for (const entry of entries) {
    if (hasFacts(entry)) yield* rowsOf(table, entry, bounds, further);
  }
}

function* rowsOf(
  table: Table,
  entry: FactsEntry,
  bounds: boolean,
  further: FurtherColumns,
): Generator<string | Uint8Array> {
  const rows = table.packed?.(entry);
  if (rows instanceof PackedRows) {
    const writer = loadRowWriter();
    const fields = table.columns.map((column) => table.fields![column]);
    if (bounds) fields.push(...boundFieldsOf[rows.kind]);
    const template = { parts: csvTemplate(entry.file, fields), timesQuoted: false };
    if (writer.takes(template)) return yield* writer.write(rows, template);
  }
  const bounded = bounds ? table.bounded!(entry) : null;
  let number = 0;
  for (const row of table.rows(entry)) {
    const most = bounded?.at(number);
    const fields = most === undefined ? [] : [most.packets_max ?? most.packets, most.bytes_max ?? most.bytes];
    const asked = further.columns.length === 0 ? [] : further.fields(entry, number);
    number++;
    yield csvRow([entry.file, ...row, ...fields, ...asked]);
  }
}

/** RFC 4180: CRLF after every row, quotes only where they are needed. Nothing there is an empty field. */
export function csvRow(fields: readonly Field[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/**
 * A row whose first field is the same in all rows, and whose others need no quotes: texts, and what stands
 * for the others.
 */
export function csvTemplate(first: string, fields: readonly number[]): (string | number)[] {
  return [csvField(first), ...fields.flatMap((field) => [',', field]), '\r\n'];
}

function csvField(field: Field): string {
  const text = field === null || field === undefined ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
