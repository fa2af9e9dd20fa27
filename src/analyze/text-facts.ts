import type { FactsEntry } from './entry.js';
import type { TextStyle } from './text-style.js';
import { timeText } from './units.js';

/** Names of the link types that are looked into; the others are told by their number. */
const linkNames: Readonly<Record<string, string>> = {
  0: 'NULL',
  1: 'Ethernet',
  9: 'PPP',
  12: 'RAW',
  14: 'RAW',
  50: 'PPP',
  101: 'RAW',
  108: 'LOOP',
  113: 'Linux SLL',
  166: 'PPP',
  228: 'IPv4',
  229: 'IPv6',
  276: 'Linux SLL2',
};

const formatNames = { pcap: 'pcap', 'pcap-nsec': 'pcap with nanoseconds', pcapng: 'pcapng' } as const;

const orderNames = { little: 'little-endian', big: 'big-endian', mixed: 'sections of both byte orders' } as const;

/** What is known of the file itself, a name and a value a line. */
export function fileFacts(entry: FactsEntry, { units }: TextStyle): string {
  const lines: [string, string][] = [
    ['File', entry.file],
    [
      'Format',
      [formatNames[entry.format], orderNames[entry.byte_order], ...(entry.compression ? [entry.compression] : [])].join(
        ', ',
      ),
    ],
  ];
  if (entry.format === 'pcapng') {
    lines.push(['Sections', units.count(entry.sections)], ['Interfaces', units.count(entry.interfaces)]);
  }
  lines.push(
    ['Link types', linkTypes(entry, units.count)],
    ['Captured bytes', units.bytes(entry.captured_bytes)],
    ['Original bytes', units.bytes(entry.original_bytes)],
  );
  if (entry.first_ns !== null && entry.last_ns !== null) {
    lines.push(
      ['First packet', timeText(entry.first_ns)],
      ['Last packet', timeText(entry.last_ns)],
      [
        'Duration',
        `${units.span(BigInt(entry.last_ns) - BigInt(entry.first_ns))}${units.span(0n) === '0 ns' ? '' : ' s'}`,
      ],
    );
  }
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function linkTypes({ link_types }: FactsEntry, count: (value: number | bigint) => string): string {
  const all = Object.entries(link_types);
  if (all.length === 0) return 'none (no packet)';
  return all
    .map(
      ([number, packets]) =>
        `${linkNames[number] === undefined ? '' : `${linkNames[number]} `}(${number}): ${count(packets)}`,
    )
    .join(', ');
}
