import { loadRowWriter } from '../captures/scan-module.js';
import { tcpColumns, tcpRows } from './csv-tcp.js';
import type { Entry, FactsEntry } from './entry.js';
import { hasFacts, isFailure } from './entry.js';
import { PackedRows, type Rows } from '../pcap/rows/packed-rows.js';
import { boundFieldsOf, endpointFields, rowFields } from '../pcap/rows/row-writer.js';
import type { ConversationRow } from '../pcap/report-types.js';
import { tunnelText } from '../pcap/tunnel-paths.js';
import type { Count } from '../pcap/types.js';

interface CsvTable {
  readonly columns: readonly string[];
  rows(entry: FactsEntry): Iterable<readonly CsvField[]>;
  /** What each row has at most, told where the table of a file was full. */
  bounded?(entry: FactsEntry): Rows<BoundedRow>;
  /** Rows that may be packed, and the numbers of their columns' fields: then text is made of their bytes. */
  packed?(entry: FactsEntry): Rows<unknown>;
  readonly fields?: Readonly<Record<string, number>>;
}

/** The figures of a row and, where the table was full, what it has at most. */
interface BoundedRow {
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
}

const boundColumns = ['packets_max', 'bytes_max'] as const;

/** What conversations have when it was asked for. */
const furtherFields = {
  tunnel_a_to_b: (row) => tunnelText(row.tunnel_a_to_b),
  tunnel_b_to_a: (row) => tunnelText(row.tunnel_b_to_a),
  tunnels_vary: (row) => row.tunnels_vary,
  community_id: (row) => row.community_id,
} satisfies Readonly<Record<string, (row: ConversationRow) => CsvField>>;
type FurtherColumn = keyof typeof furtherFields;

/** The columns that a row has; all entries were asked for alike. */
function furtherColumns(entries: readonly Entry[]): FurtherColumn[] {
  const rows = entries.flatMap((entry) => (hasFacts(entry) ? (entry.top.at(0) ?? []) : []));
  return (Object.keys(furtherFields) as FurtherColumn[]).filter((column) => rows.some((row) => column in row));
}

/** The tables that --csv can print. The first column of each is the file, so that several files make one table. */
const tables = {
  conversations: {
    columns:
      'proto,a,b,packets,bytes,packets_a_to_b,bytes_a_to_b,packets_b_to_a,bytes_b_to_a,first_ns,last_ns,first_ns_a_to_b,last_ns_a_to_b,first_ns_b_to_a,last_ns_b_to_a,bits_per_second'.split(
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
        row.bits_per_second,
      ]),
    bounded: ({ top }) => top,
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
    bounded: ({ endpoints }) => endpoints,
    packed: ({ endpoints }) => endpoints,
    fields: endpointFields,
  },
  protocols: {
    columns: 'layer,within,name,number,packets,bytes'.split(','),
    rows: ({ protocols }) =>
      protocols.map((row) => [row.layer, row.within, row.name, row.number, row.packets, row.bytes]),
  },
  tunnels: {
    columns: 'depth,type,packets,bytes'.split(','),
    rows: ({ tunnels }) => tunnels.map((row) => [row.depth, row.type, row.packets, row.bytes]),
  },
  tcp: {
    columns: tcpColumns,
    rows: tcpRows,
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
  'times_in_order,bytes_per_packet,packets_per_second,bits_per_second,pauses,active_ns,bits_per_active_second',
  'packets_received,packets_dropped,packets_dropped_by_system,zero_records',
].flatMap((columns) => columns.split(','));

/** Of a table that was full; see ConversationsLimit and EndpointsLimit. */
const limitColumns = ['limit', 'share_kept', 'share_kept_pairs', 'packets_not_in_table', 'bytes_not_in_table'];
const heavyColumns = ['heavy', 'unlisted_packets_max', 'unlisted_bytes_max'];

function limitNames(): string[] {
  return [
    ...[...limitColumns, ...heavyColumns].map((column) => `conversations_${column}`),
    ...['limit', 'share_kept', ...heavyColumns].map((column) => `endpoints_${column}`),
  ];
}

function limitsOf(entry: Entry): CsvField[] {
  const { conversations_limit: conversations, endpoints_limit: endpoints } = hasFacts(entry) ? entry : {};
  const fields = (limit: object | undefined, columns: readonly string[]): CsvField[] =>
    columns.map((column) => (limit as Readonly<Record<string, CsvField>> | undefined)?.[column]);
  return [
    ...fields(conversations, [...limitColumns, ...heavyColumns]),
    ...fields(endpoints, ['limit', 'share_kept', ...heavyColumns]),
  ];
}

export const csvTableNames = [...Object.keys(tables), 'summary'] as const;
export type CsvTableName = keyof typeof tables | 'summary';

/** Whether the table of a file was full: then what is exact and what is bounded must be told. */
export function anyFull(entries: readonly Entry[]): boolean {
  return entries.some((entry) => hasFacts(entry) && entry.conversations_limit !== undefined);
}

/** One table over all files, its header row first. Files without counts are rows of `summary` only. */
export function* csvDocument(name: CsvTableName, entries: readonly Entry[]): Generator<string | Uint8Array> {
  const full = anyFull(entries);
  if (name === 'summary') {
    yield csvRow(['file', ...summaryColumns, ...(full ? limitNames() : [])]);
    for (const entry of entries) {
      const { rates, capture_statistics } = hasFacts(entry) ? entry : {};
      const fields = { ...rates, ...capture_statistics, ...entry } as unknown as Readonly<Record<string, CsvField>>;
      const limits = full ? limitsOf(entry) : [];
      yield csvRow([entry.file, ...summaryColumns.map((column) => fields[column]), ...limits]);
    }
    return;
  }
  const table: CsvTable = tables[name];
  const bounds = full && table.bounded !== undefined;
  // All entries were asked for alike.
  const ofConversations = name === 'conversations' ? furtherColumns(entries) : [];
  yield csvRow(['file', ...table.columns, ...(bounds ? boundColumns : []), ...ofConversations]);
  for (const entry of entries) {
    if (hasFacts(entry)) yield* rowsOf(table, entry, bounds, ofConversations);
  }
}

function* rowsOf(
  table: CsvTable,
  entry: FactsEntry,
  bounds: boolean,
  further: readonly FurtherColumn[],
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
    const asked = further.map((column) => furtherFields[column](entry.top.at(number)!));
    number++;
    yield csvRow([entry.file, ...row, ...fields, ...asked]);
  }
}

export type CsvField = Count | string | boolean | null | undefined;

/** RFC 4180: CRLF after every row, quotes only where they are needed. Nothing there is an empty field. */
export function csvRow(fields: readonly CsvField[]): string {
  return `${fields.map(csvField).join(',')}\r\n`;
}

/** A row whose first field is the same in all rows, and whose others need no quotes: texts, and what stands for the others. */
export function csvTemplate(first: string, fields: readonly number[]): (string | number)[] {
  return [csvField(first), ...fields.flatMap((field) => [',', field]), '\r\n'];
}

function csvField(field: CsvField): string {
  const text = field === null || field === undefined ? '' : String(field);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
