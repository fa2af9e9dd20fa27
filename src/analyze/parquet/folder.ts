import { join } from 'node:path';
import { unwritable } from '../../common/unwritable.js';
import { PackedRows } from '../../pcap/rows/packed-rows.js';
import { nameForms } from '../../pcap/name-tables.js';
import type { NamesFacts } from '../../pcap/names-types.js';
import { hasFacts, type Entry, type FactsEntry } from '../entry.js';
import { writeWhole } from '../files/out-file.js';
import {
  furtherOf,
  limitsOf,
  summaryFields,
  tableNames,
  tables,
  type Field,
  type Table,
  type TableName,
} from '../tables.js';
import { parquetColumns } from './columns.js';
import { addConversations, addEndpoints } from './packed-tables.js';
import { TableFile } from './table-file.js';

/** Rows of a table that was cut, and how many there are. */
interface Cut {
  readonly table: TableName;
  readonly file: string;
  readonly rows: number;
  readonly of: number;
  /** What its rows were taken from. */
  readonly from?: string;
}

/** A Parquet file for each table, all captures in one; see docs/RECIPES.md. */
export class ParquetFolder {
  private readonly files: ReadonlyMap<TableName, TableFile>;
  private readonly cuts: Cut[] = [];

  /** @param top rows that were asked for of the tables that are ranked */
  constructor(
    private readonly folder: string,
    private readonly top: number,
  ) {
    this.files = new Map(tableNames.map((name) => [name, new TableFile(folder, parquetColumns(name))]));
  }

  get tables(): number {
    return this.files.size;
  }

  /**
   * Takes all rows of an entry, whose ranked tables are cut to `top`; nothing of it is kept. @throws
   * TriremeError FILE_UNWRITABLE
   */
  add(entry: Entry): void {
    for (const [name, file] of this.files) {
      try {
        addRows(name, file, entry);
      } catch (error) {
        throw unwritable('--parquet', this.nameOf(name), error);
      }
    }
    if (!hasFacts(entry)) return;
    this.noteRanked('conversations', entry, entry.top.length, Number(entry.conversations));
    this.noteRanked('endpoints', entry, entry.endpoints.length, Number(entry.endpoints_total));
    if (entry.tcp !== undefined)
      this.noteRanked('tcp', entry, entry.top.length, Number(entry.conversations), 'conversations');
    if (entry.names !== undefined) this.noteNames(entry.file, entry.names);
  }

  /** What was left out, a line each. */
  get notes(): string[] {
    return this.cuts.map(noteOf);
  }

  /** Gives all files their names. Returns their bytes. @throws TriremeError FILE_UNWRITABLE */
  write(): number {
    // All of them are complete before the first one is there.
    const whole = [...this.files].map(([name, file]) => {
      const notes = this.cuts.filter(({ table }) => table === name).map(noteOf);
      try {
        return [name, file, file.finish(notes)] as const;
      } catch (error) {
        throw unwritable('--parquet', this.nameOf(name), error);
      }
    });
    let bytes = 0;
    for (const [name, file, pieces] of whole) {
      bytes += writeWhole('--parquet', this.nameOf(name), pieces);
      file.close();
    }
    return bytes;
  }

  private nameOf(table: TableName): string {
    return join(this.folder, `${table}.parquet`);
  }

  private noteRanked(table: TableName, { file }: FactsEntry, rows: number, of: number, from?: string): void {
    if (rows === this.top && of > rows) this.cuts.push({ table, file, rows, of, from });
  }

  private noteNames(file: string, names: NamesFacts): void {
    for (const { name, table } of nameForms) {
      const { rows, total } = table(names);
      if (total > rows.length) this.cuts.push({ table: name, file, rows: rows.length, of: total });
    }
  }
}

function noteOf({ table, file, rows, of, from }: Cut): string {
  const what = from === undefined ? `the first ${rows} of ${of} rows` : `rows of the first ${rows} of ${of} ${from}`;
  return `${file}: ${table}.parquet has ${what}`;
}

function addRows(name: TableName, file: TableFile, entry: Entry): void {
  const table: Table | null = name === 'summary' ? null : tables[name];
  const rows = hasFacts(entry) ? table?.packed?.(entry) : undefined;
  if (!(rows instanceof PackedRows)) {
    for (const fields of rowsOf(name, entry)) file.add([entry.file, ...fields]);
  } else if (name === 'conversations') addConversations(file, entry.file, rows);
  else addEndpoints(file, entry.file, rows);
}

function* rowsOf(name: TableName, entry: Entry): Generator<readonly Field[]> {
  if (name === 'summary') return yield [...summaryFields(entry), ...limitsOf(entry)];
  if (!hasFacts(entry)) return;
  const table: Table = tables[name];
  const bounded = table.bounded?.(entry);
  const further = furtherOf(name);
  let number = 0;
  for (const row of table.rows(entry)) {
    const most = bounded?.at(number);
    const bounds = bounded === undefined ? [] : [most?.packets_max, most?.bytes_max];
    yield [...row, ...bounds, ...(further?.fields(entry, number) ?? [])];
    number++;
  }
}
