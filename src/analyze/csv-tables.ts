import type { Entry, FactsEntry } from './entry.js';
import { hasFacts, isFailure } from './entry.js';
import { loadRowWriter } from '../captures/rows-module.js';
import { PackedRows, type Rows } from '../pcap/rows/packed-rows.js';
import { endpointFields, rowFields } from '../pcap/rows/row-writer.js';
import { csvRow, csvTemplate, type CsvField } from './csv.js';

interface CsvTable {
  readonly columns: readonly string[];
  rows(entry: FactsEntry): Iterable<readonly CsvField[]>;
  /** Rows that may be packed, and the numbers of their columns' fields: then text is made of their bytes. */
  packed?(entry: FactsEntry): Rows<unknown>;
  readonly fields?: Readonly<Record<string, number>>;
}

/** The tables that --csv can print. The first column of each is the file, so that several files make one table. */
const tables = {
  conversations: {
    columns:
      'proto,a,b,packets,bytes,packets_a_to_b,bytes_a_to_b,packets_b_to_a,bytes_b_to_a,first_ns,last_ns,first_ns_a_to_b,last_ns_a_to_b,first_ns_b_to_a,last_ns_b_to_a'.split(
        ',',
      ),
    rows: ({ top, top_times }) =>
      top.map((row, i) => [
        row.proto,
        row.a,
        row.b,
        row.packets,
        row.bytes,
        row.packets_a_to_b,
        row.bytes_a_to_b,
        row.packets_b_to_a,
        row.bytes_b_to_a,
        row.first_ns,
        row.last_ns,
        top_times.at(i)!.first_ns_a_to_b,
        top_times.at(i)!.last_ns_a_to_b,
        top_times.at(i)!.first_ns_b_to_a,
        top_times.at(i)!.last_ns_b_to_a,
      ]),
    packed: ({ top }) => top,
    fields: rowFields,
  },
  endpoints: {
    columns: 'address,packets,bytes,packets_sent,bytes_sent,packets_received,bytes_received'.split(','),
    rows: ({ endpoints }) =>
      endpoints.map((row) => [
        row.address,
        row.packets,
        row.bytes,
        row.packets_sent,
        row.bytes_sent,
        row.packets_received,
        row.bytes_received,
      ]),
    packed: ({ endpoints }) => endpoints,
    fields: endpointFields,
  },
  protocols: {
    columns: 'layer,within,name,number,packets,bytes'.split(','),
    rows: ({ protocols }) =>
      protocols.map((row) => [row.layer, row.within, row.name, row.number, row.packets, row.bytes]),
  },
  sizes: {
    columns: 'from_bytes,to_bytes,packets'.split(','),
    rows: ({ packet_sizes }) => packet_sizes.map((row) => [row.from, row.to, row.packets]),
  },
  files: {
    columns:
      'name,format,compression,packets,captured_bytes,first_ns,last_ns,gap_ns,repeats,grew,truncated,error,error_detail'.split(
        ',',
      ),
    rows: ({ files = [] }) =>
      files.map((row) => {
        if (isFailure(row)) return [row.file, ...new Array<null>(10).fill(null), row.error, row.error_detail];
        const { packets, captured_bytes: captured, first_ns: first, last_ns: last } = row;
        const { gap_ns: gap, repeats, grew = false, truncated, error, error_detail: detail } = row;
        return [
          row.file,
          row.format,
          row.compression,
          packets,
          captured,
          first,
          last,
          gap,
          repeats,
          grew,
          truncated,
          error,
          detail,
        ];
      }),
  },
  series: {
    columns: 'start_ns,interval_ns,packets,bytes'.split(','),
    rows: ({ series }) =>
      (series?.rows ?? []).map((row) => [row.start_ns, series!.interval_ns, row.packets, row.bytes]),
  },
} satisfies Readonly<Record<string, CsvTable>>;

const summaryColumns = [
  'format,byte_order,compression,packets,captured_bytes,original_bytes,first_ns,last_ns,ipv4,ipv6,ipv4_tcp,ipv4_udp,ipv6_tcp,ipv6_udp,other',
  'conversations,interfaces,sections,truncated,error,error_detail',
].flatMap((columns) => columns.split(','));

export const csvTableNames = [...Object.keys(tables), 'summary'] as const;
export type CsvTableName = keyof typeof tables | 'summary';

/** One table over all files, its header row first. Files without counts are rows of `summary` only. */
export function* csvDocument(name: CsvTableName, entries: readonly Entry[]): Generator<string | Uint8Array> {
  if (name === 'summary') {
    yield csvRow(['file', ...summaryColumns]);
    for (const entry of entries) {
      const fields = entry as unknown as Readonly<Record<string, CsvField>>;
      yield csvRow([entry.file, ...summaryColumns.map((column) => fields[column])]);
    }
    return;
  }
  const table: CsvTable = tables[name];
  yield csvRow(['file', ...table.columns]);
  for (const entry of entries) {
    if (hasFacts(entry)) yield* rowsOf(table, entry);
  }
}

function* rowsOf(table: CsvTable, entry: FactsEntry): Generator<string | Uint8Array> {
  const rows = table.packed?.(entry);
  if (rows instanceof PackedRows) {
    const writer = loadRowWriter();
    const fields = table.columns.map((column) => table.fields![column]);
    const template = { parts: csvTemplate(entry.file, fields), timesQuoted: false };
    if (writer.takes(template)) return yield* writer.write(rows, template);
  }
  for (const row of table.rows(entry)) yield csvRow([entry.file, ...row]);
}
