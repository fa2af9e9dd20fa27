import {
  intervalCounts,
  type TcpDirection,
  type TcpHealth,
  type TcpInterval,
  type TcpTotals,
} from '../../src/pcap/tcp-types.js';

/** Health without any trouble, changed as a test needs. */
export function sampleDirection(changes: Partial<TcpDirection> = {}): TcpDirection {
  return {
    ...{ old_segments: 0, retransmissions: 0, fast_retransmissions: 0, spurious_retransmissions: 0, out_of_order: 0 },
    ...{ duplicate_acks: 0, zero_windows: 0, keep_alives: 0, gaps: 0, gap_bytes: 0, acked_unseen: 0, resets: 0 },
    ...{ repeated_packets: 0, repeated_old_segments: 0, repeated_duplicate_acks: 0, in_flight_max: 0 },
    ...changes,
  };
}

export function sampleInterval(changes: Partial<TcpInterval> = {}): TcpInterval {
  const none = Object.fromEntries(intervalCounts.map((name) => [name, 0])) as unknown as TcpInterval;
  return { ...none, ...changes };
}

export const sampleOpenings = {
  ...{ attempts: 0, established: 0, refused: 0, unanswered: 0, handshakes: 0, round_trips: 0, idle_max_ns: '0' },
  ...{ syn_to_syn_ack_ns: null, syn_ack_to_ack_ns: null },
  ...{ round_trip_ns: null, round_trip_min_ns: null, round_trip_max_ns: null },
};

export function sampleHealth(changes: Partial<TcpHealth> = {}): TcpHealth {
  const ways = { a_to_b: sampleDirection(), b_to_a: sampleDirection() };
  return { client: 'b', client_guessed: false, ...sampleOpenings, ...ways, ...changes };
}

export function sampleTotals(changes: Partial<TcpTotals> = {}): TcpTotals {
  return {
    ...{
      ...sampleOpenings,
      ...sampleDirection(),
      conversations: 9,
      clients_known: 9,
      clients_guessed: 0,
      segments: 1000,
    },
    ...{ packets_without_flags: 0, packets_without_window: 0, findings: [] },
    ...changes,
  };
}
