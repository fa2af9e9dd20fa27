import type { Rows } from './rows/packed-rows.js';
import type { NamesFacts } from './names-types.js';
import type { TcpHealth, TcpInterval, TcpTotals } from './tcp-types.js';
import type { TunnelType } from './tunnel-types.js';
import type { Count } from './types.js';

/** One conversation: `a` is the endpoint with the smaller (address bytes, port). Bytes are original lengths. */
export interface ConversationRow {
  readonly proto: 'tcp' | 'udp';
  readonly a: string;
  readonly b: string;
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_a_to_b: Count;
  readonly bytes_a_to_b: Count;
  readonly packets_b_to_a: Count;
  readonly bytes_b_to_a: Count;
  /** ns since 1970 in decimal; null where no packet of it has a time. */
  readonly first_ns: string | null;
  readonly last_ns: string | null;
  /** Bits on the wire a second from its first packet to its last, rounded down; null where no time passes. */
  readonly bits_per_second: Count | null;
  /**
   * Only when the table was full: what it has at most. Equal to packets and bytes where these are exact;
   * otherwise they, and those of each direction, are what it has at least, and its times are not known.
   */
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
  /**
   * Only with --inner: the tunnels around its packets from a to b and from b to a, outermost first; null: no
   * packet of that direction was in one.
   */
  readonly tunnel_a_to_b?: readonly TunnelLayer[] | null;
  readonly tunnel_b_to_a?: readonly TunnelLayer[] | null;
  /** Only with --community-id: Community ID version 1 of the five-tuple. */
  readonly community_id?: string;
  /** Only with --tcp; null: it is no TCP, or known within bounds alone. */
  readonly tcp?: TcpHealth | null;
  /** Only with --inner: packets of one direction came through several tunnels, of which the first in order is told. */
  readonly tunnels_vary?: boolean;
}

/**
 * A tunnel, and the number that its header has, if it has one: the label of each entry of an MPLS stack, the top first.
 */
export interface TunnelLayer {
  readonly type: TunnelType;
  /** VXLAN, GENEVE. */
  readonly vni?: number;
  /** GRE. */
  readonly key?: number;
  /** ERSPAN, PPPoE, L2TPv3. */
  readonly session?: number;
  /** GTP-U. */
  readonly teid?: number;
  readonly labels?: readonly number[];
}

/** First and last time of each direction of one conversation. */
export interface ConversationTimes {
  readonly first_ns_a_to_b: string | null;
  readonly last_ns_a_to_b: string | null;
  readonly first_ns_b_to_a: string | null;
  readonly last_ns_b_to_a: string | null;
}

export interface EndpointRow {
  /** Only with --names: what it was called most often; null: it was not. */
  readonly name?: string | null;
  readonly address: string;
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_sent: Count;
  readonly bytes_sent: Count;
  readonly packets_received: Count;
  readonly bytes_received: Count;
  /** As of a conversation. */
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
}

/** One line of the protocol breakdown; lines of one layer add up to the line that they are within. */
export interface ProtocolRow {
  readonly layer: 'link' | 'network' | 'transport';
  /** For people: Ethernet, ARP, TCP... */
  readonly name: string;
  /** LINKTYPE, EtherType (null where none is known) or IP protocol (null where it was not captured). */
  readonly number: number | null;
  /** Transport lines: IPv4 or IPv6. */
  readonly within: string | null;
  readonly packets: Count;
  readonly bytes: Count;
}

/** Packets that have a layer of one type at one depth: a packet in two tunnels is in two rows. */
export interface TunnelRow {
  readonly type: TunnelType;
  /** 1: around nothing but the packet's own headers; 2: a tunnel in that one, and so on. */
  readonly depth: number;
  readonly packets: Count;
  readonly bytes: Count;
}

export interface ConnectionFacts {
  readonly client: string;
  readonly server: string;
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_client_to_server: Count;
  readonly packets_server_to_client: Count;
  readonly bytes_client_to_server: Count;
  readonly bytes_server_to_client: Count;
}

export interface SizeRow {
  /** Smallest and largest original length counted here. */
  readonly from: number;
  readonly to: number;
  readonly packets: Count;
}

export interface SeriesRow {
  readonly start_ns: string;
  readonly packets: Count;
  readonly bytes: Count;
  /** Only where the series tells the health of TCP, and only where one of its counts is not 0. */
  readonly tcp?: TcpInterval;
}

export interface TimeSeries {
  /** Nanoseconds of a row: what was asked, doubled until the rows between first and last packet fit the cap. */
  readonly interval_ns: string;
  readonly interval_ns_asked: string;
  readonly rows_max: number;
  /** True: the interval was doubled to fit. */
  readonly coarsened: boolean;
  /** Packets with no time, or one outside int64 ns, which no row counts. */
  readonly packets_without_row: Count;
  /** The health of TCP is told by intervals: with tcp, where all conversations were kept. */
  readonly tcp?: true;
  readonly rows: readonly SeriesRow[];
}

/** Said only when --max-conversations was reached. */
export interface ConversationsLimit {
  readonly limit: number;
  /** Share of the conversations that is kept, each exact, chosen by a hash of their endpoints alone. */
  readonly share_kept: number;
  /** The same for address pairs that are in no conversation. */
  readonly share_kept_pairs: number;
  /** Packets and bytes of all other conversations, those told within bounds included. */
  readonly packets_not_in_table: Count;
  readonly bytes_not_in_table: Count;
  /** Conversations of these that are told within bounds, because they are heavy. */
  readonly heavy: number;
  /** No conversation that is in no row has more than this. */
  readonly unlisted_packets_max: Count;
  readonly unlisted_bytes_max: Count;
}

/** Said only when the table of endpoints was full as well; otherwise each of them is exact. */
export interface EndpointsLimit {
  /** Endpoints, of conversations that are not kept, that were held. */
  readonly limit: number;
  /** Share of the endpoints that are exact, chosen by a hash of the address alone. */
  readonly share_kept: number;
  /** Endpoints of the others that are told within bounds, because they are heavy. */
  readonly heavy: number;
  /** No endpoint that is in no row has more than this. */
  readonly unlisted_packets_max: Count;
  readonly unlisted_bytes_max: Count;
}

/** One file of a joined capture that was counted. Files stand in the order of their first packets. */
export interface JoinedFile {
  readonly file: string;
  readonly format: 'pcap' | 'pcap-nsec' | 'pcapng';
  readonly compression: 'gzip' | 'zstd' | 'lz4' | null;
  readonly packets: Count;
  readonly captured_bytes: Count;
  readonly first_ns: string | null;
  readonly last_ns: string | null;
  /**
   * ns from the latest packet of the files before to the first of this one; below 0: they overlap. Null for
   * the first file and where no packet has a time.
   */
  readonly gap_ns: string | null;
  /**
   * Only when an earlier file has as many packets and captured bytes between the same times: its name. Both
   * are counted.
   */
  readonly repeats?: string;
  /** Only when it was still written to: it is counted to the size that it had when it was opened. */
  readonly grew?: true;
  /** Only when there are any: bytes behind the end of a packed stream that are none of it, and are ignored. */
  readonly rest_bytes?: number;
  readonly truncated: boolean;
  readonly truncated_offset?: number;
  readonly error: null | 'damaged';
  readonly error_detail?: string;
  readonly error_offset?: number;
}

/** One file of a joined capture that gave no counts. These stand behind the others. */
export interface JoinedFailure {
  readonly file: string;
  readonly error: 'not-a-capture' | 'unreadable' | 'changed';
  readonly error_detail: string;
}

/** What a report is of, when it is not of all packets. */
export interface FilterFacts {
  /** pcap-filter(7); null: the span of time alone decides. */
  readonly expression: string | null;
  /** Only when asked for: it saw packets without their VLAN tags. */
  readonly tags?: 'transparent';
  /** Packets that it was asked of: those of the capture. */
  readonly of_packets: Count;
  /** Only when bounds were asked for: ns since 1970, or behind a '+' from the first packet. */
  readonly after_ns?: string;
  readonly before_ns?: string;
}

/** Only of a joined capture. */
export interface JoinedFiles {
  readonly files?: readonly (JoinedFile | JoinedFailure)[];
  /** Only when there are any: files of the folders that are nothing like a capture. */
  readonly files_skipped?: readonly string[];
}

/** What is counted of one capture and summed over several. */
export interface PacketCounts {
  readonly packets: Count;
  readonly captured_bytes: Count;
  readonly original_bytes: Count;
  readonly first_ns: string | null;
  readonly last_ns: string | null;
  readonly ipv4: Count;
  readonly ipv6: Count;
  readonly ipv4_tcp: Count;
  readonly ipv4_udp: Count;
  readonly ipv6_tcp: Count;
  readonly ipv6_udp: Count;
  readonly other: Count;
}

/** The facts of one capture: the fields of a result, and what else is computed, under further names. */
export interface CaptureFacts extends PacketCounts, JoinedFiles {
  /** Only when a filter or a span of time was asked for: all that is counted is of the packets that it lets through. */
  readonly filter?: FilterFacts;
  /** Only when asked for: conversations and endpoints are those of the innermost IP header. */
  readonly inner?: true;
  /** Only when asked for. */
  readonly tcp?: TcpTotals;
  /** Only when asked for. */
  readonly names?: NamesFacts;
  readonly format: 'pcap' | 'pcap-nsec' | 'pcapng';
  readonly byte_order: 'little' | 'big' | 'mixed';
  readonly truncated: boolean;
  readonly error: null | 'damaged';
  /** No packet has an earlier time than one that stands before it. */
  readonly times_in_order: boolean;
  readonly rates: TrafficRates;
  readonly link_types: Readonly<Record<string, Count>>;
  readonly gzip: boolean;
  /** Only with an error, or with a guess why the file is cut: words for people. */
  readonly error_detail?: string;
  /** Only with an error: the offset of the damage in the (unpacked) capture. */
  readonly error_offset?: number;
  /** Only when truncated: the offset of the record in which the file ends. */
  readonly truncated_offset?: number;
  /** Only when that record says how long it is: the bytes that it claims, and those that the file holds of it. */
  readonly truncated_claimed?: number;
  readonly truncated_held?: number;
  /** Only when it was appended to while it was read: it is counted to the size that it had when it was opened. */
  readonly grew?: true;
  /** Only when a signal has ended it within a record: that record is left out, and it is not called truncated. */
  readonly interrupted?: true;
  /** Only when there are any: bytes behind the end of a packed stream that are none of it, and are ignored. */
  readonly rest_bytes?: number;
  readonly interfaces: Count;
  readonly sections: Count;
  readonly conversations: Count;
  readonly conversations_by_kind: {
    readonly ipv4_tcp: Count;
    readonly ipv4_udp: Count;
    readonly ipv6_tcp: Count;
    readonly ipv6_udp: Count;
  };
  readonly top: Rows<ConversationRow>;
  /** Row by row beside `top`. */
  readonly top_times: Rows<ConversationTimes>;
  /** Only when a connection was asked for. */
  readonly connection?: ConnectionFacts;
  readonly protocols: readonly ProtocolRow[];
  /** What is inside: tunnels by depth, those with the most bytes first. */
  readonly tunnels: readonly TunnelRow[];
  readonly endpoints_total: Count;
  readonly endpoints: Rows<EndpointRow>;
  readonly packet_sizes: readonly SizeRow[];
  /** Only when an interval was asked for. */
  readonly series?: TimeSeries;
  readonly conversations_limit?: ConversationsLimit;
  readonly endpoints_limit?: EndpointsLimit;
  /** Only of a pcapng capture that has interface statistics. */
  readonly capture_statistics?: CaptureStatistics;
  /**
   * Only when there are any: records of nothing but zeros, as in a file whose end was never written. They are packets.
   */
  readonly zero_records?: Count;
  /**
   * Only when there are any: packets whose time is over 292 years from 1970, or from the first packet where
   * that one is. first_ns and last_ns are exact all the same.
   */
  readonly packets_time_saturated?: Count;
}

/** A file that is no capture has no counts. */
export interface NotACapture {
  readonly error: 'not-a-capture';
  readonly error_detail: string;
}

/**
 * What passed in a second. Rates are numbers of packets and of bits on the wire; null where no time has
 * passed. In the time that has traffic no pause counts, which is longer than `pause_ns_min` without any
 * packet.
 */
export interface TrafficRates {
  /** From the first packet to the last; null: no packet has a time. */
  readonly duration_ns: string | null;
  /** Bytes on the wire of a packet on average; null: there is none. */
  readonly bytes_per_packet: number | null;
  readonly packets_per_second: number | null;
  readonly bits_per_second: number | null;
  readonly pauses: number;
  readonly pause_ns_min: string;
  /** The duration without its pauses. */
  readonly active_ns: string | null;
  readonly packets_per_active_second: number | null;
  readonly bits_per_active_second: number | null;
}

/** What a capturing machine says in interface statistics; null: it does not say. */
export interface CaptureStatistics {
  /** dumpcap writes here how many packets it wrote. */
  readonly packets_received: Count | null;
  /** Packets that the interface or the capture driver had no room for. */
  readonly packets_dropped: Count | null;
  readonly packets_dropped_by_system: Count | null;
}

export type CaptureReport = CaptureFacts | NotACapture;

/** Sums over several captures. */
export interface CaptureTotal extends PacketCounts {
  readonly files: number;
  /** Files that gave no counts. */
  readonly files_unreadable: number;
  readonly files_damaged: number;
  readonly files_truncated: number;
  /** Only of one capture: the same conversation may be in several, and a sum would count it twice. */
  readonly conversations?: Count;
}
