/**
 * What the oracle says of a capture: the same words, numbers and texts as `analyze --json`, computed the slow and plain
 * way (BigInt, Maps, one object per packet) so that a reader can check it against the rules by eye.
 */

export type Kind = 'ipv4_tcp' | 'ipv4_udp' | 'ipv6_tcp' | 'ipv6_udp';
export const kinds: readonly Kind[] = ['ipv4_tcp', 'ipv4_udp', 'ipv6_tcp', 'ipv6_udp'];

/** One conversation of `top`. Endpoint texts are A.B.C.D:P and [V6]:P; bytes are original lengths; times ns or null. */
export interface OracleConversation {
  proto: 'tcp' | 'udp';
  a: string;
  b: string;
  packets: number;
  bytes: number;
  packets_a_to_b: number;
  bytes_a_to_b: number;
  packets_b_to_a: number;
  bytes_b_to_a: number;
  first_ns: string | null;
  last_ns: string | null;
}

/** Facts of a capture that could be read, up to its end or to the damage. */
export interface OracleFacts {
  format: 'pcap' | 'pcap-nsec' | 'pcapng';
  byte_order: 'little' | 'big' | 'mixed';
  packets: number;
  captured_bytes: number;
  original_bytes: number;
  first_ns: string | null;
  last_ns: string | null;
  ipv4: number;
  ipv6: number;
  ipv4_tcp: number;
  ipv4_udp: number;
  ipv6_tcp: number;
  ipv6_udp: number;
  other: number;
  truncated: boolean;
  error: null | 'damaged';
  link_types: Record<string, number>;
  gzip: boolean;
  interfaces: number;
  sections: number;
  conversations: number;
  conversations_by_kind: Record<Kind, number>;
  top: OracleConversation[];
}

export type OracleResult = OracleFacts | { error: 'not-a-capture' };

/** A record as stored: where it lies, when it was seen, and the bytes that were kept. */
export interface OraclePacket {
  /** Position of the record (classic) or block (pcapng) in the uncompressed capture. */
  offset: number;
  linkType: number;
  /** Byte order of the file, or of the packet's section. */
  order: 'little' | 'big';
  /** Nanoseconds since 1970; null where the record has no time (simple packet blocks). */
  timeNs: bigint | null;
  originalLength: number;
  bytes: Uint8Array;
}

/** What a reader of one format found. `ends` holds every record boundary, the file header's end first. */
export interface OracleReading {
  format: OracleFacts['format'];
  byteOrder: OracleFacts['byte_order'];
  packets: OraclePacket[];
  interfaces: number;
  sections: number;
  truncated: boolean;
  damaged: boolean;
  /** Boundaries between records or blocks, in order: where the first one begins, and where each complete one ends. */
  boundaries: number[];
}
