import { linkName } from '../pcap/protocol-names.js';
import type { FactsEntry } from './entry.js';
import type { TextStyle } from './text-style.js';
import { timeText } from './units.js';

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
  return all.map(([number, packets]) => `${linkName(Number(number))} (${number}): ${count(packets)}`).join(', ');
}
