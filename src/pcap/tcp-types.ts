import type { Count } from './types.js';

/** Counts of the segments of one direction: docs/FACTS.md has each rule and its source. */
export interface TcpDirection {
  /** Segments that begin below what was sent before: the sum of the next four. */
  readonly old_segments: Count;
  readonly retransmissions: Count;
  readonly fast_retransmissions: Count;
  readonly spurious_retransmissions: Count;
  readonly out_of_order: Count;
  readonly duplicate_acks: Count;
  readonly zero_windows: Count;
  readonly keep_alives: Count;
  /** Places where a segment begins behind what was sent before, and the bytes between. */
  readonly gaps: Count;
  readonly gap_bytes: Count;
  /** ACKs of what the capture does not hold. */
  readonly acked_unseen: Count;
  readonly resets: Count;
  /**
   * Packets that repeat the one before them within 1 ms, as a mirror makes them; and how many of the counts
   * above are such.
   */
  readonly repeated_packets: Count;
  readonly repeated_old_segments: Count;
  readonly repeated_duplicate_acks: Count;
  /** Bytes that were sent and not acknowledged, at most. */
  readonly in_flight_max: Count;
}

/** What is told of each interval of the time series, in this order. */
export const intervalCounts = [
  ...(['attempts', 'refused', 'resets', 'old_segments', 'retransmissions', 'fast_retransmissions'] as const),
  ...(['spurious_retransmissions', 'out_of_order', 'duplicate_acks', 'zero_windows', 'gaps'] as const),
  'repeated_old_segments' as const,
];

/** The health of TCP in one interval of time: the counts of the same names, of the packets that came in it. */
export type TcpInterval = Readonly<Record<(typeof intervalCounts)[number], Count>>;

/** How connections were opened. Times are ns in decimal, those of handshakes on average; null: no handshake has one. */
export interface TcpOpenings {
  readonly attempts: Count;
  readonly established: Count;
  readonly refused: Count;
  readonly unanswered: Count;
  /**
   * Handshakes whose times are all known, and those of which the round trip is: a capture may hold one direction alone.
   */
  readonly handshakes: Count;
  readonly round_trips: Count;
  readonly syn_to_syn_ack_ns: string | null;
  readonly syn_ack_to_ack_ns: string | null;
  /** From SYN to ACK: tshark's iRTT. */
  readonly round_trip_ns: string | null;
  readonly round_trip_min_ns: string | null;
  readonly round_trip_max_ns: string | null;
  /** The longest time between two packets of a conversation. */
  readonly idle_max_ns: string;
}

/** The health of one TCP conversation. */
export interface TcpHealth extends TcpOpenings {
  /** Who opened it; guessed: who sent its first packet, because no SYN was seen. */
  readonly client: 'a' | 'b';
  readonly client_guessed: boolean;
  readonly a_to_b: TcpDirection;
  readonly b_to_a: TcpDirection;
}

/** The health of all TCP conversations together; of those that are kept, where the table was full. */
export interface TcpTotals extends TcpOpenings, TcpDirection {
  readonly conversations: Count;
  readonly clients_known: Count;
  readonly clients_guessed: Count;
  readonly segments: Count;
  /** TCP by their IP header, and cut before their flags or ports: counted as packets, and in nothing here. */
  readonly packets_without_flags: Count;
  /** Cut before the window field: they tell no window of zero. */
  readonly packets_without_window: Count;
  /** What is unusual, and what could not be judged, in words. */
  readonly findings: readonly TcpFinding[];
}

export interface TcpFinding {
  readonly kind:
    | 'cut'
    | 'refused'
    | 'unanswered'
    | 'failed'
    | 'tried'
    | 'resent'
    | 'when'
    | 'zero-window'
    | 'gaps'
    | 'slow-handshake'
    | 'repeated';
  readonly text: string;
  /**
   * For `trireme extract --filter-tags transparent --filter`; null: there is none, or it would be all of the capture.
   */
  readonly filter: string | null;
  /** Of `when`: ns since 1970, from when and before when. */
  readonly after_ns?: string;
  readonly before_ns?: string;
}
