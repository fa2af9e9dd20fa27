import { forTerminal } from '../common/for-terminal.js';
import type { Entry, FactsEntry } from './entry.js';
import { complaintsOf, hasFacts } from './entry.js';
import {
  conversationLines,
  endpointLines,
  protocolLines,
  seriesLines,
  sizeLines,
  tunnelLines,
} from './text-sections.js';
import { fileFacts } from './text-facts.js';
import { joinedLines } from './text-joined.js';
import { nameLines } from './text-names.js';
import { tcpLines } from './text-tcp.js';
import type { CaptureTotal } from '../pcap/report-types.js';
import { isDecodedLink, linkName } from '../pcap/protocol-names.js';
import { timeText } from '../common/time-text.js';
import { type TextStyle, textTable } from './text-table.js';

/** The whole text: a report for each file, and a total when there are several. */
export function textDocument(entries: readonly Entry[], total: CaptureTotal, style: TextStyle): string {
  const several = entries.length > 1;
  const parts = entries
    .filter(hasFacts)
    .map((entry) => (several ? `${forTerminal(entry.file)}\n` : '') + textReport(entry, style));
  if (several) parts.push(totalText(total, style));
  return parts.join('\n\n');
}

/** The three facts that were asked for first, then the file, then tables. Ends with a newline. */
export function textReport(entry: FactsEntry, style: TextStyle): string {
  const sections = [
    headline(entry),
    fileFacts({ ...entry, file: forTerminal(entry.file) }, style),
    joinedLines(entry, style),
    protocolLines(entry, style),
    tunnelLines(entry, style),
    tcpLines(entry, style),
    nameLines(entry, style),
    conversationLines(entry, style),
    endpointLines(entry, style),
    sizeLines(entry, style),
    seriesLines(entry, style),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

/** These lines keep raw numbers in every style: programs read them. */
function headline(entry: FactsEntry): string {
  const lines = [
    ...undecodedNotes(entry),
    ...filterLines(entry),
    `Total number of packets: ${entry.packets}`,
    `Total number of IPv4 TCP packets: ${entry.ipv4_tcp}`,
  ];
  const { connection } = entry;
  if (connection !== undefined) {
    lines.push(
      `Total number of packets between ${connection.client} and ${connection.server}: ${connection.packets}`,
      `  ${connection.client} -> ${connection.server}: ${connection.packets_client_to_server} packets, ${connection.bytes_client_to_server} bytes`,
      `  ${connection.server} -> ${connection.client}: ${connection.packets_server_to_client} packets, ${connection.bytes_server_to_client} bytes`,
    );
  }
  for (const complaint of complaintsOf(entry)) lines.push(`NOTE: ${forTerminal(complaint)}`);
  return lines.join('\n');
}

/** Where not all packets are counted: which ones are. */
function filterLines({ filter, packets }: FactsEntry): string[] {
  if (filter === undefined) return [];
  const { expression, tags, after_ns, before_ns, of_packets } = filter;
  return [
    ...(expression === null
      ? []
      : [`Filter: ${forTerminal(expression)}${tags === undefined ? '' : ' (not seeing VLAN tags)'}`]),
    ...(after_ns === undefined ? [] : [`From: ${boundText(after_ns)}`]),
    ...(before_ns === undefined ? [] : [`Before: ${boundText(before_ns)}`]),
    `Packets that match: ${packets} of ${of_packets}; all that follows is of these`,
  ];
}

function boundText(ns: string): string {
  return ns.startsWith('+') ? `${Number(ns) / 1e9} s from the first packet` : timeText(ns);
}

/** A headline of no TCP packets must not stand alone where the packets were not looked into. */
function undecodedNotes({ link_types }: FactsEntry): string[] {
  return Object.entries(link_types)
    .filter(([number]) => !isDecodedLink(Number(number)))
    .map(
      ([number, packets]) =>
        `NOTE: ${packets} packets of link type ${number} (${linkName(Number(number))}) are counted and not decoded`,
    );
}

function totalText(total: CaptureTotal, { units, framed }: TextStyle): string {
  const rows: [string, string][] = [
    ['files', units.count(total.files)],
    ['files without counts', units.count(total.files_unreadable)],
    ['files damaged', units.count(total.files_damaged)],
    ['files cut short', units.count(total.files_truncated)],
    ['packets', units.count(total.packets)],
    ['IPv4 TCP packets', units.count(total.ipv4_tcp)],
    ['captured bytes', units.bytes(total.captured_bytes)],
    ['original bytes', units.bytes(total.original_bytes)],
  ];
  return `${textTable([{ title: 'Total' }, { title: '', align: 'right' }], rows, framed)}\n`;
}
