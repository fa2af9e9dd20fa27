import type { PacketCounts, TrafficRates } from '../../pcap/report-types.js';
import type { Count } from '../../pcap/types.js';
import { element, type Child } from '../dom.js';
import { formatBytes, formatCount } from '../format.js';
import type { FactsEntry } from './data.js';
import { approximate, exact, moment, rateText, secondsBetween, span } from './figures.js';

/** The first figures of a capture, or of all together, large. `fact` names the field of --json that a figure is. */
export function tiles(
  counts: PacketCounts & { readonly conversations?: Count; readonly rates?: TrafficRates },
  bits: boolean,
): HTMLElement {
  const { rates } = counts;
  const packets = approximate(counts.packets);
  const bytes = approximate(counts.original_bytes);
  const seconds =
    counts.first_ns === null || counts.last_ns === null ? NaN : secondsBetween(counts.first_ns, counts.last_ns);
  const mean = packets === 0 ? '' : `; ${formatBytes(bytes / packets)} each on average`;
  return element(
    'dl',
    { class: 'tiles' },
    tile('Packets', 'packets', exact(counts.packets), seconds > 0 ? `${formatCount(packets / seconds)}/s` : ''),
    tile('Bytes on the wire', 'original_bytes', formatBytes(bytes), exact(counts.original_bytes) + mean),
    tile('IPv4 TCP packets', 'ipv4_tcp', exact(counts.ipv4_tcp), `of ${exact(counts.ipv4)} IPv4`),
    counts.conversations === undefined
      ? null
      : tile('Conversations', 'conversations', exact(counts.conversations), 'TCP and UDP'),
    tile(
      'Duration',
      'duration',
      span(seconds),
      counts.first_ns === null ? 'no packet has a time' : `from ${moment(counts.first_ns)}`,
    ),
    tile('Rate', 'rate', seconds > 0 ? rateText((bytes * 8) / seconds, bits) : '–', 'on average'),
    rates === undefined || rates.pauses === 0
      ? null
      : tile(
          'Rate in traffic',
          'active_rate',
          rateText(rates.bits_per_active_second, bits),
          `in the ${span(Number(rates.active_ns) / 1e9)} without ${pausesText(rates)}`,
        ),
  );
}

function pausesText({ pauses, pause_ns_min }: TrafficRates): string {
  return `${pauses} ${pauses === 1 ? 'pause' : 'pauses'} over ${span(Number(pause_ns_min) / 1e9)}`;
}

function tile(name: string, fact: string, value: string, note: string): HTMLElement {
  return element(
    'div',
    { class: 'tile', 'data-fact': fact },
    element('dt', {}, name),
    element('dd', { class: 'value' }, value),
    element('dd', { class: 'soft small' }, note),
  );
}

const formats = { pcap: 'pcap', 'pcap-nsec': 'pcap with nanoseconds', pcapng: 'pcapng' } as const;

/** Which packets the report is of, where these are not all. */
function filterFacts({ filter, packets }: FactsEntry): [string, string][] {
  if (filter === undefined) return [];
  const bound = (ns: string): string =>
    ns.startsWith('+') ? `${Number(ns) / 1e9} s from the first packet` : moment(ns);
  return [
    ...(filter.expression === null
      ? []
      : ([['Filter', `${filter.expression}${filter.tags === undefined ? '' : ' (not seeing VLAN tags)'}`]] as [
          string,
          string,
        ][])),
    ...(filter.after_ns === undefined ? [] : ([['From', bound(filter.after_ns)]] as [string, string][])),
    ...(filter.before_ns === undefined ? [] : ([['Before', bound(filter.before_ns)]] as [string, string][])),
    ['Packets that match', `${exact(packets)} of ${exact(filter.of_packets)}; all figures are of these`],
  ];
}

/** What is known of the file itself. */
export function fileFacts(entry: FactsEntry): HTMLElement {
  const facts: [string, string][] = [
    ...filterFacts(entry),
    ['Format', `${formats[entry.format]}, ${entry.byte_order} byte order${entry.gzip ? ', gzip' : ''}`],
    ['Interfaces', exact(entry.interfaces)],
    ['Captured bytes', `${exact(entry.captured_bytes)} of ${exact(entry.original_bytes)} on the wire`],
    ['First packet', entry.first_ns === null ? 'no time' : moment(entry.first_ns)],
    ['Last packet', entry.last_ns === null ? 'no time' : moment(entry.last_ns)],
    ['Times', entry.times_in_order ? 'in order' : 'not in order: packets are earlier than others before them'],
    ...machineFacts(entry),
    ['IPv4', `${exact(entry.ipv4)} packets: ${exact(entry.ipv4_tcp)} TCP, ${exact(entry.ipv4_udp)} UDP`],
    ['IPv6', `${exact(entry.ipv6)} packets: ${exact(entry.ipv6_tcp)} TCP, ${exact(entry.ipv6_udp)} UDP`],
    ['Neither', `${exact(entry.other)} packets`],
  ];
  const { connection } = entry;
  if (connection !== undefined) {
    const way = (from: string, to: string, packets: Count, bytes: Count): [string, string] => [
      `${from} → ${to}`,
      `${exact(packets)} packets, ${exact(bytes)} bytes`,
    ];
    facts.push(
      ['Connection', `${exact(connection.packets)} packets, ${exact(connection.bytes)} bytes, in both directions`],
      way(connection.client, connection.server, connection.packets_client_to_server, connection.bytes_client_to_server),
      way(connection.server, connection.client, connection.packets_server_to_client, connection.bytes_server_to_client),
    );
  }
  const rows = facts.flatMap(([name, value]): Child[] => [element('dt', {}, name), element('dd', {}, value)]);
  return element('dl', { class: 'facts' }, ...rows);
}

/** What the capturing machine said. */
function machineFacts({ capture_statistics: said }: FactsEntry): [string, string][] {
  if (said === undefined) return [];
  const words = [
    ...(said.packets_received === null ? [] : [`received ${exact(said.packets_received)} packets`]),
    ...(said.packets_dropped === null ? [] : [`dropped ${exact(said.packets_dropped)}`]),
    ...(said.packets_dropped_by_system === null
      ? []
      : [`dropped by its system ${exact(said.packets_dropped_by_system)}`]),
  ];
  return [['Capturing machine', words.join(', ')]];
}

/** What a reader must know before trusting the figures, a line each. */
export function warningsOf(entry: FactsEntry): string[] {
  const warnings: string[] = [];
  if (entry.error === 'damaged')
    warnings.push(`The file is damaged: ${entry.error_detail ?? ''}. Only what comes before the damage is counted.`);
  if (entry.truncated) warnings.push('The file is cut short. Only complete records are counted.');
  if (entry.rest_bytes !== undefined)
    warnings.push(
      `${exact(entry.rest_bytes)} bytes behind the end of the packed stream are none of it and are ignored.`,
    );
  if (entry.grew === true)
    warnings.push('The file is still written. It is counted to the size that it had when it was opened.');
  if (entry.interrupted === true)
    warnings.push('A signal has ended the input within a record. Only complete records are counted.');
  const said = entry.capture_statistics;
  const lost = approximate(said?.packets_dropped ?? 0) + approximate(said?.packets_dropped_by_system ?? 0);
  if (lost > 0)
    warnings.push(`The capturing machine says that it lost ${exact(lost)} packets. They are not in the capture.`);
  if (entry.zero_records !== undefined)
    warnings.push(
      `${exact(entry.zero_records)} records are nothing but zeros, as where a file was not written to its end. They count as ` +
        'packets of 0 bytes in 1970.',
    );
  const limit = entry.conversations_limit;
  if (limit !== undefined)
    warnings.push(
      `The table of conversations was full at ${exact(limit.limit)}: it holds a share of ${limit.share_kept} of them, ` +
        `each exact; ${exact(limit.packets_not_in_table)} packets with ${exact(limit.bytes_not_in_table)} bytes are not in it. ` +
        `Of the others ${exact(limit.heavy)} are told, because they are heavy: their figures are what they have at least, ` +
        `and at most what stands in the last columns. No other one has more than ` +
        `${exact(limit.unlisted_packets_max)} packets or ${exact(limit.unlisted_bytes_max)} bytes.`,
    );
  const talkers = entry.endpoints_limit;
  if (limit !== undefined)
    warnings.push(
      talkers === undefined
        ? 'The talkers are exact: they are counted apart from the conversations that are not kept.'
        : `Of the talkers a share of ${talkers.share_kept} is exact; the figures of the others are what they have at least, ` +
            `and at most what stands in the last columns. No talker that is in no row has more than ` +
            `${exact(talkers.unlisted_packets_max)} packets or ${exact(talkers.unlisted_bytes_max)} bytes.`,
    );
  const { series } = entry;
  if (series !== undefined && approximate(series.packets_without_row) > 0)
    warnings.push(`${exact(series.packets_without_row)} packets have no time and are in no chart.`);
  if (series?.coarsened === true)
    warnings.push(
      `Intervals of ${span(Number(series.interval_ns_asked) / 1e9)} were asked for; the charts take ` +
        `${span(Number(series.interval_ns) / 1e9)}, so that at most ${series.rows_max} fit.`,
    );
  return warnings;
}
