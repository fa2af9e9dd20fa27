import { namesTables } from './names-tables.js';
import { tcpColumns, tcpRows } from './tcp-table.js';
import type { Entry, FactsEntry } from './entry.js';
import { hasFacts, isFailure } from './entry.js';
import type { Rows } from '../pcap/rows/packed-rows.js';
import { endpointFields, rowFields } from '../pcap/rows/row-writer.js';
import type { ConversationRow } from '../pcap/report-types.js';
import { intervalCounts, type TcpInterval } from '../pcap/tcp-types.js';
import { tunnelText } from '../pcap/tunnel-paths.js';
import type { Count } from '../pcap/types.js';

// The tables that --csv and --parquet write: their columns, and the rows of one entry.

/** One value of a row; undefined and null: there is none. */
export type Field = Count | string | boolean | null | undefined;

export interface Table {
  readonly columns: readonly string[];
  rows(entry: FactsEntry): Iterable<readonly Field[]>;
  /** What each row has at most, told where the table of a file was full. */
  bounded?(entry: FactsEntry): Rows<BoundedRow>;
  /** Rows that may be packed, and the numbers of their columns' fields: then text is made of their bytes. */
  packed?(entry: FactsEntry): Rows<unknown>;
  readonly fields?: Readonly<Record<string, number>>;
}

/** The figures of a row and, where the table was full, what it has at most. */
export interface BoundedRow {
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
}

export const boundColumns = ['packets_max', 'bytes_max'] as const;

/** What conversations have when it was asked for. */
const furtherFields = {
  tunnel_a_to_b: (row) => row.tunnel_a_to_b && tunnelText(row.tunnel_a_to_b),
  tunnel_b_to_a: (row) => row.tunnel_b_to_a && tunnelText(row.tunnel_b_to_a),
  tunnels_vary: (row) => row.tunnels_vary,
  community_id: (row) => row.community_id,
} satisfies Readonly<Record<string, (row: ConversationRow) => Field>>;

/** Columns behind the others that a table has where it was asked for, and their values in a row. */
export interface FurtherColumns {
  readonly columns: readonly string[];
  /** A row's values, which have the names of the columns that it has; undefined: there is no row. */
  rowOf(entry: FactsEntry, number: number): object | undefined;
  fields(entry: FactsEntry, number: number): Field[];
}

const noCounts = Object.fromEntries(intervalCounts.map((name) => [name, 0])) as Record<keyof TcpInterval, Count>;

/** All of them; null: the table has none. */
export function furtherOf(name: TableName): FurtherColumns | null {
  if (name === 'endpoints') {
    const rowOf = ({ endpoints }: FactsEntry, i: number) => endpoints.at(i);
    return { columns: ['name'], rowOf, fields: (entry, i) => [rowOf(entry, i)?.name] };
  }
  if (name === 'series') {
    const rowOf = ({ series }: FactsEntry, i: number) =>
      series?.tcp === true ? (series.rows[i]?.tcp ?? noCounts) : undefined;
    return {
      columns: intervalCounts,
      rowOf,
      fields: (entry, i) => {
        const counts = rowOf(entry, i);
        return intervalCounts.map((column) => counts?.[column]);
      },
    };
  }
  if (name !== 'conversations') return null;
  const rowOf = ({ top }: FactsEntry, i: number) => top.at(i);
  const fields = (entry: FactsEntry, i: number): Field[] => {
    const row = rowOf(entry, i)!;
    return Object.values(furtherFields).map((field) => field(row));
  };
  return { columns: Object.keys(furtherFields), rowOf, fields };
}

/** The long tables of an analysis; `summary` is the other one. In files a column `file` stands in front of these. */
export const tables = {
  conversations: {
    columns:
      'proto,a,b,packets,bytes,packets_a_to_b,bytes_a_to_b,packets_b_to_a,bytes_b_to_a,first_ns,last_ns,first_ns_a_to_b,last_ns_a_to_b,first_ns_b_to_a,last_ns_b_to_a,bits_per_second'.split(
        ',',
      ),
    *rows({ top, top_times }) {
      let number = 0;
      for (const row of top) {
        const times = top_times.at(number++)!;
        yield [
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
          times.first_ns_a_to_b,
          times.last_ns_a_to_b,
          times.first_ns_b_to_a,
          times.last_ns_b_to_a,
          row.bits_per_second,
        ];
      }
    },
    bounded: ({ top }) => top,
    packed: ({ top }) => top,
    fields: rowFields,
  },
  endpoints: {
    columns: 'address,packets,bytes,packets_sent,bytes_sent,packets_received,bytes_received'.split(','),
    *rows({ endpoints }) {
      for (const row of endpoints)
        yield [
          row.address,
          row.packets,
          row.bytes,
          row.packets_sent,
          row.bytes_sent,
          row.packets_received,
          row.bytes_received,
        ];
    },
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
  ...namesTables,
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
} satisfies Readonly<Record<string, Table>>;

export const summaryColumns = [
  'format,byte_order,compression,packets,captured_bytes,original_bytes,first_ns,last_ns,ipv4,ipv6,ipv4_tcp,ipv4_udp,ipv6_tcp,ipv6_udp,other',
  'conversations,interfaces,sections,truncated,error,error_detail',
  'times_in_order,bytes_per_packet,packets_per_second,bits_per_second,pauses,active_ns,bits_per_active_second',
  'packets_received,packets_dropped,packets_dropped_by_system,zero_records',
].flatMap((columns) => columns.split(','));

/** The row of an entry in `summary`, by its columns. */
export function summaryFields(entry: Entry): Field[] {
  const { rates, capture_statistics } = hasFacts(entry) ? entry : {};
  const fields = { ...rates, ...capture_statistics, ...entry } as unknown as Readonly<Record<string, Field>>;
  return summaryColumns.map((column) => fields[column]);
}

/** Of a table that was full; see ConversationsLimit and EndpointsLimit. */
const conversationLimits = ['limit', 'share_kept', 'share_kept_pairs', 'packets_not_in_table', 'bytes_not_in_table'];
const heavyLimits = ['heavy', 'unlisted_packets_max', 'unlisted_bytes_max'];

/** What `summary` has further where the table of a file was full. */
export const limitColumns = [
  ...[...conversationLimits, ...heavyLimits].map((column) => `conversations_${column}`),
  ...['limit', 'share_kept', ...heavyLimits].map((column) => `endpoints_${column}`),
];

/** The values of `limitColumns`. */
export function limitsOf(entry: Entry): Field[] {
  const { conversations_limit: conversations, endpoints_limit: endpoints } = hasFacts(entry) ? entry : {};
  const fields = (limit: object | undefined, columns: readonly string[]): Field[] =>
    columns.map((column) => (limit as Readonly<Record<string, Field>> | undefined)?.[column]);
  return [
    ...fields(conversations, [...conversationLimits, ...heavyLimits]),
    ...fields(endpoints, ['limit', 'share_kept', ...heavyLimits]),
  ];
}

export type TableName = keyof typeof tables | 'summary';
export const tableNames = [...Object.keys(tables), 'summary'] as TableName[];
