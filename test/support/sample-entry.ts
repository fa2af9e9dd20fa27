import type { FactsEntry } from '../../src/analyze/entry.js';

/** An entry with a row in every table and every optional part absent; changed as a test needs. */
export function sampleEntry(changes: Partial<FactsEntry> = {}): FactsEntry {
  return {
    file: 'a.pcap',
    format: 'pcap',
    byte_order: 'little',
    packets: 3,
    captured_bytes: 300,
    original_bytes: 3000,
    first_ns: '1700000000000000000',
    last_ns: '1700000002500000000',
    ipv4: 3,
    ipv6: 0,
    ipv4_tcp: 2,
    ipv4_udp: 1,
    ipv6_tcp: 0,
    ipv6_udp: 0,
    other: 0,
    truncated: false,
    error: null,
    link_types: { '1': 3 },
    gzip: false,
    interfaces: 1,
    sections: 1,
    conversations: 1,
    conversations_by_kind: { ipv4_tcp: 1, ipv4_udp: 0, ipv6_tcp: 0, ipv6_udp: 0 },
    top: [
      {
        proto: 'tcp',
        a: '10.0.0.1:80',
        b: '10.0.0.2:1024',
        packets: 2,
        bytes: 2000,
        packets_a_to_b: 2,
        bytes_a_to_b: 2000,
        packets_b_to_a: 0,
        bytes_b_to_a: 0,
        first_ns: '1700000001000000000',
        last_ns: '1700000002500000000',
      },
    ],
    top_times: [
      {
        first_ns_a_to_b: '1700000001000000000',
        last_ns_a_to_b: '1700000002500000000',
        first_ns_b_to_a: null,
        last_ns_b_to_a: null,
      },
    ],
    protocols: [
      { layer: 'link', name: 'Ethernet', number: 1, within: null, packets: 3, bytes: 3000 },
      { layer: 'transport', name: 'TCP', number: 6, within: 'IPv4', packets: 2, bytes: 2000 },
    ],
    endpoints_total: 2,
    endpoints: [
      {
        address: '10.0.0.1',
        packets: 2,
        bytes: 2000,
        packets_sent: 2,
        bytes_sent: 2000,
        packets_received: 0,
        bytes_received: 0,
      },
    ],
    packet_sizes: [{ from: 512, to: 1023, packets: 3 }],
    compression: null,
    ...changes,
  };
}
