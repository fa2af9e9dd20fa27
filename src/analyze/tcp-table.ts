import type { FactsEntry } from './entry.js';
import { PackedRows } from '../pcap/rows/packed-rows.js';
import type { TcpDirection, TcpHealth } from '../pcap/tcp-types.js';
import type { Count } from '../pcap/types.js';

const openings = [
  ...['client', 'client_guessed', 'attempts', 'established', 'refused', 'unanswered', 'handshakes', 'round_trips'],
  ...[
    'syn_to_syn_ack_ns',
    'syn_ack_to_ack_ns',
    'round_trip_ns',
    'round_trip_min_ns',
    'round_trip_max_ns',
    'idle_max_ns',
  ],
] as const satisfies readonly (keyof TcpHealth)[];

const counts = [
  ...['old_segments', 'retransmissions', 'fast_retransmissions', 'spurious_retransmissions', 'out_of_order'],
  ...['duplicate_acks', 'zero_windows', 'keep_alives', 'gaps', 'gap_bytes', 'acked_unseen', 'resets'],
  ...['repeated_packets', 'repeated_old_segments', 'repeated_duplicate_acks', 'in_flight_max'],
] as const satisfies readonly (keyof TcpDirection)[];

export const tcpColumns: readonly string[] = [
  ...['a', 'b'],
  ...openings,
  ...counts.map((name) => `${name}_a_to_b`),
  ...counts.map((name) => `${name}_b_to_a`),
];

/** A row for each TCP conversation that is told, in the order of the conversations. */
export function* tcpRows({ top }: FactsEntry): Generator<(Count | string | boolean | null)[]> {
  // Rows with health are no packed ones, of which each would become an object here.
  if (top instanceof PackedRows) return;
  for (const { a, b, tcp } of top) {
    if (tcp === undefined || tcp === null) continue;
    const way = (direction: TcpDirection): Count[] => counts.map((name) => direction[name]);
    yield [a, b, ...openings.map((name) => tcp[name]), ...way(tcp.a_to_b), ...way(tcp.b_to_a)];
  }
}
