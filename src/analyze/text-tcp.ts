import type { FactsEntry } from './entry.js';
import { type TextStyle, textTable } from './text-table.js';
import { extractOptions, howToExtract } from '../pcap/tcp-findings.js';
import type { Count } from '../pcap/types.js';

/** The health of TCP: what was counted, and then, in words, what is unusual. */
export function tcpLines({ tcp, conversations_limit }: FactsEntry, { units, framed }: TextStyle): string {
  if (tcp === undefined) return '';
  const span = (ns: string | null): string => (ns === null ? '-' : units.span(BigInt(ns)));
  const rows: [string, string][] = [
    ['conversations', units.count(tcp.conversations)],
    ['  whose client is a guess', units.count(tcp.clients_guessed)],
    ['attempts to connect', units.count(tcp.attempts)],
    ['  established', units.count(tcp.established)],
    ['  refused', units.count(tcp.refused)],
    ['  not answered', units.count(tcp.unanswered)],
    ['resets', units.count(tcp.resets)],
    ['handshakes with times', units.count(tcp.handshakes)],
    ['  SYN to SYN-ACK, mean', span(tcp.syn_to_syn_ack_ns)],
    ['  SYN-ACK to ACK, mean', span(tcp.syn_ack_to_ack_ns)],
    ['  round trip, least', span(tcp.round_trip_min_ns)],
    ['  round trip, mean', span(tcp.round_trip_ns)],
    ['  round trip, most', span(tcp.round_trip_max_ns)],
    ['old segments', units.count(tcp.old_segments)],
    ['  retransmissions', units.count(tcp.retransmissions)],
    ['  fast retransmissions', units.count(tcp.fast_retransmissions)],
    ['  spurious retransmissions', units.count(tcp.spurious_retransmissions)],
    ['  out of order', units.count(tcp.out_of_order)],
    ['duplicate ACKs', units.count(tcp.duplicate_acks)],
    ['zero windows', units.count(tcp.zero_windows)],
    ['keep-alives', units.count(tcp.keep_alives)],
    ['gaps', units.count(tcp.gaps)],
    ['  bytes in them', units.bytes(tcp.gap_bytes)],
    ['ACKs of what was not captured', units.count(tcp.acked_unseen)],
    ['in flight, most', units.bytes(tcp.in_flight_max)],
    ['without a packet, longest', span(tcp.idle_max_ns)],
    ['packets repeated within 1 ms', units.count(tcp.repeated_packets)],
    ...cutRows(tcp.packets_without_flags, tcp.packets_without_window, units.count),
  ];
  const notes = [
    ...(conversations_limit === undefined
      ? []
      : ['NOTE: these are of the conversations that were kept: the table was full']),
    ...(tcp.findings.length === 0 ? ['Nothing is unusual.'] : []),
    ...(tcp.findings.some(({ filter }) => filter !== null) ? [howToExtract] : []),
    ...tcp.findings.flatMap((finding) => {
      const options = extractOptions(finding);
      return [`- ${finding.text}`, ...(options === '' ? [] : [`    ${options}`])];
    }),
  ];
  return `TCP\n${textTable([{ title: 'measure' }, { title: '', align: 'right' }], rows, framed)}\n${notes.join('\n')}`;
}

function cutRows(flags: Count, window: Count, count: (value: Count) => string): [string, string][] {
  const told: [string, Count][] = [
    ['packets cut before their flags', flags],
    ['packets cut before their window', window],
  ];
  return told.filter(([, packets]) => packets !== 0).map(([name, packets]) => [name, count(packets)]);
}
