import { extractOptions, howToExtract } from '../../pcap/tcp-findings.js';
import { element } from '../dom.js';
import type { FactsEntry } from './data.js';
import { exact, span } from './figures.js';

type Totals = NonNullable<FactsEntry['tcp']>;

/** The health of TCP: in words what is unusual, and behind it what was counted. */
export function tcpHealth(tcp: Totals): HTMLElement {
  return element('div', {}, findings(tcp), figures(tcp));
}

function findings({ findings: found }: Totals): HTMLElement {
  if (found.length === 0) return element('p', {}, 'Nothing is unusual.');
  const list = element(
    'ul',
    { class: 'findings' },
    ...found.map((finding) => {
      const options = extractOptions(finding);
      return element(
        'li',
        {},
        finding.text,
        options === '' ? null : element('code', { class: 'soft small' }, ` ${options}`),
      );
    }),
  );
  if (found.every(({ filter }) => filter === null)) return list;
  return element('div', {}, element('p', { class: 'soft small' }, howToExtract), list);
}

const seconds = (ns: string | null): string => span(ns === null ? NaN : Number(ns) / 1e9);

function figures(tcp: Totals): HTMLElement {
  const rows: [string, string][] = [
    ['Attempts to connect', exact(tcp.attempts)],
    ['Established', exact(tcp.established)],
    ['Refused', exact(tcp.refused)],
    ['Not answered', exact(tcp.unanswered)],
    ['Resets', exact(tcp.resets)],
    ['Round trip of the handshake, mean', seconds(tcp.round_trip_ns)],
    ['Round trip of the handshake, most', seconds(tcp.round_trip_max_ns)],
    ['Retransmissions', exact(tcp.retransmissions)],
    ['Fast retransmissions', exact(tcp.fast_retransmissions)],
    ['Spurious retransmissions', exact(tcp.spurious_retransmissions)],
    ['Out of order', exact(tcp.out_of_order)],
    ['Duplicate ACKs', exact(tcp.duplicate_acks)],
    ['Zero windows', exact(tcp.zero_windows)],
    ['Keep-alives', exact(tcp.keep_alives)],
    ['Gaps', exact(tcp.gaps)],
    ['Bytes in gaps', exact(tcp.gap_bytes)],
    ['ACKs of what was not captured', exact(tcp.acked_unseen)],
    ['Bytes in flight, most', exact(tcp.in_flight_max)],
    ['Packets repeated within 1 ms', exact(tcp.repeated_packets)],
  ];
  return element(
    'div',
    { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': 'TCP' },
    element(
      'table',
      {},
      element('caption', { class: 'hidden-text' }, 'TCP'),
      element(
        'tbody',
        {},
        ...rows.map(([name, value]) =>
          element('tr', {}, element('th', { scope: 'row' }, name), element('td', { class: 'number' }, value)),
        ),
      ),
    ),
  );
}
