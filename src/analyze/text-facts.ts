import { linkName } from '../pcap/protocol-names.js';
import type { FactsEntry } from './entry.js';
import type { CaptureStatistics } from '../pcap/report-types.js';
import type { TextStyle } from './text-table.js';
import { humanSpan, type Units } from './units.js';
import { timeText } from '../common/time-text.js';

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
      ['Duration', spanText(BigInt(entry.last_ns) - BigInt(entry.first_ns), units)],
    );
  }
  lines.push(...rateLines(entry, units));
  const { capture_statistics: statistics } = entry;
  if (statistics !== undefined) lines.push(['Capturing machine', statisticsText(statistics, units)]);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function spanText(ns: bigint, units: Units): string {
  return `${units.span(ns)}${units.span(0n) === '0 ns' ? '' : ' s'}`;
}

/** How much passed in a second, over all the time and over that which has traffic, and whether times are in order. */
function rateLines({ rates, times_in_order, first_ns }: FactsEntry, units: Units): [string, string][] {
  const lines: [string, string][] = [];
  const rate = (bits: number, packets: number): string =>
    `${units.rate(bits)}${units.rateUnit}, ${packets.toFixed(packets < 10 ? 3 : 1)} packets/s`;
  if (rates.bytes_per_packet !== null) lines.push(['Average size', `${rates.bytes_per_packet.toFixed(1)} bytes`]);
  if (rates.bits_per_second !== null && rates.packets_per_second !== null)
    lines.push(['Average rate', rate(rates.bits_per_second, rates.packets_per_second)]);
  if (rates.pauses > 0 && rates.active_ns !== null) {
    const pauses = `without ${rates.pauses} ${rates.pauses === 1 ? 'pause' : 'pauses'} over ${humanSpan(BigInt(rates.pause_ns_min))}`;
    lines.push(['Time with traffic', `${spanText(BigInt(rates.active_ns), units)}, ${pauses}`]);
    if (rates.bits_per_active_second !== null && rates.packets_per_active_second !== null)
      lines.push(['Rate in it', rate(rates.bits_per_active_second, rates.packets_per_active_second)]);
  }
  if (first_ns !== null)
    lines.push(['Times', times_in_order ? 'in order' : 'not in order: packets are earlier than others before them']);
  return lines;
}

function statisticsText(statistics: CaptureStatistics, units: Units): string {
  const { packets_received: received, packets_dropped: dropped, packets_dropped_by_system: bySystem } = statistics;
  const words = [
    ...(received === null ? [] : [`received ${units.count(received)} packets`]),
    ...(dropped === null ? [] : [`dropped ${units.count(dropped)}`]),
    ...(bySystem === null ? [] : [`dropped by its system ${units.count(bySystem)}`]),
  ];
  return `says: ${words.join(', ')}`;
}

function linkTypes({ link_types }: FactsEntry, count: (value: number | bigint) => string): string {
  const all = Object.entries(link_types);
  if (all.length === 0) return 'none (no packet)';
  return all.map(([number, packets]) => `${linkName(Number(number))} (${number}): ${count(packets)}`).join(', ');
}
