import type { EndpointRow } from '../../pcap/report-types.js';
import type { Count } from '../../pcap/types.js';
import { formatBytes } from '../format.js';
import type { FactsEntry, ReportConversation } from './data.js';
import { approximate, exact, rateText, secondsBetween, span, type Figure } from './figures.js';
import { SortedTable, type SortedColumn } from './sorted-table.js';

function count<T>(title: string, value: (row: T) => Figure): SortedColumn<T> {
  return { title, number: true, value, text: (row) => exact(value(row)) };
}

function bytes<T>(title: string, value: (row: T) => Figure): SortedColumn<T> {
  return {
    title,
    number: true,
    value,
    text: (row) => formatBytes(approximate(value(row))),
    full: (row) => `${exact(value(row))} bytes`,
  };
}

function seconds<T>(title: string, value: (row: T) => number | null): SortedColumn<T> {
  return {
    title,
    number: true,
    // Nanoseconds: figures are sorted as whole numbers.
    value: (row) => {
      const length = value(row);
      return length === null ? null : Math.round(length * 1e9);
    },
    text: (row) => span(value(row) ?? NaN),
  };
}

/** Which column the order of --sort is, and whether it comes with the largest first. */
const orders: Readonly<Record<string, readonly [string, boolean]>> = {
  bytes: ['Bytes', true],
  packets: ['Packets', true],
  duration: ['Duration', true],
  start: ['Start', false],
};

/** The conversations, as tshark's users know them: A, B, each way, total, start, duration. */
export function conversationTable(
  { top, conversations, conversations_limit, first_ns, inner, tcp }: FactsEntry,
  sort: string,
  bits: boolean,
): SortedTable<ReportConversation> {
  const [sortedBy, descending] = orders[sort] ?? orders.bytes;
  return new SortedTable<ReportConversation>({
    name: 'Conversations',
    rows: top,
    total: conversations,
    sortedBy,
    descending,
    columns: [
      { title: 'Proto', value: ({ proto }) => proto },
      { title: 'A', value: ({ a }) => a },
      { title: 'B', value: ({ b }) => b },
      count('A→B packets', ({ packets_a_to_b }) => packets_a_to_b),
      bytes('A→B bytes', ({ bytes_a_to_b }) => bytes_a_to_b),
      count('B→A packets', ({ packets_b_to_a }) => packets_b_to_a),
      bytes('B→A bytes', ({ bytes_b_to_a }) => bytes_b_to_a),
      count('Packets', ({ packets }) => packets),
      bytes('Bytes', (row) => row.bytes),
      seconds('Start', (row) =>
        row.first_ns === null || first_ns === null ? null : secondsBetween(first_ns, row.first_ns),
      ),
      seconds('Duration', (row) =>
        row.first_ns === null || row.last_ns === null ? null : secondsBetween(row.first_ns, row.last_ns),
      ),
      {
        title: 'Rate',
        number: true,
        value: ({ bits_per_second }) => bits_per_second,
        text: ({ bits_per_second }) => rateText(bits_per_second, bits),
      },
      ...bounds<ReportConversation>(conversations_limit !== undefined),
      ...(tcp === undefined ? [] : healthColumns),
      ...(inner === true ? [{ title: 'Tunnel', value: ({ tunnels }: ReportConversation) => tunnels ?? null }] : []),
    ],
  });
}

const healthColumns: readonly SortedColumn<ReportConversation>[] = [
  count('Sent again', ({ health }) => health?.resent ?? 0),
  count('Gaps', ({ health }) => health?.gaps ?? 0),
  count('Zero windows', ({ health }) => health?.zero_windows ?? 0),
  seconds('Round trip', ({ health }) => (health?.round_trip_ns == null ? null : health.round_trip_ns / 1e9)),
];

/** Where the table was full: what each row has at most. */
function bounds<T extends BoundedRow>(full: boolean): SortedColumn<T>[] {
  if (!full) return [];
  return [
    count('At most packets', ({ packets, packets_max }) => packets_max ?? packets),
    bytes('At most bytes', (row) => row.bytes_max ?? row.bytes),
  ];
}

interface BoundedRow {
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
}

export function talkerTable(
  { endpoints, endpoints_total, conversations_limit, names }: FactsEntry,
  sort: string,
): SortedTable<EndpointRow> {
  return new SortedTable<EndpointRow>({
    name: 'Top talkers',
    rows: endpoints,
    total: endpoints_total,
    sortedBy: sort === 'packets' ? 'Packets' : 'Bytes',
    descending: true,
    columns: [
      { title: 'Address', value: ({ address }) => address },
      ...(names === undefined ? [] : [{ title: 'Name', value: ({ name }: EndpointRow) => name ?? null }]),
      count('Sent packets', ({ packets_sent }) => packets_sent),
      bytes('Sent bytes', ({ bytes_sent }) => bytes_sent),
      count('Received packets', ({ packets_received }) => packets_received),
      bytes('Received bytes', ({ bytes_received }) => bytes_received),
      count('Packets', ({ packets }) => packets),
      bytes('Bytes', (row) => row.bytes),
      ...bounds<EndpointRow>(conversations_limit !== undefined),
    ],
  });
}
