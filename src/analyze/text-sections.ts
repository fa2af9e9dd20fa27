import type { FactsEntry } from './entry.js';
import { type Column, type TextStyle, textTable } from './text-table.js';
import { shownNameInText } from './text-names.js';
import { conversationNotes, endpointNotes } from './text-limits.js';
import { timeText } from '../common/time-text.js';
import type { Rows } from '../pcap/rows/packed-rows.js';
import { tunnelsOf } from '../pcap/tunnel-paths.js';
import type { Count } from '../pcap/types.js';

const left = (title: string): Column => ({ title });
const right = (title: string): Column => ({ title, align: 'right' });

function section(title: string, columns: readonly Column[], rows: readonly string[][], style: TextStyle): string {
  return rows.length === 0 ? '' : `${title}\n${textTable(columns, rows, style.framed)}`;
}

export function protocolLines({ protocols }: FactsEntry, style: TextStyle): string {
  const { units } = style;
  const rows = protocols.map((row) => [
    row.layer,
    row.within === null ? row.name : `${row.within} ${row.name}`,
    row.number === null ? '-' : String(row.number),
    units.count(row.packets),
    units.bytes(row.bytes),
  ]);
  return section(
    'Protocols',
    [left('layer'), left('protocol'), right('number'), right('packets'), right('bytes')],
    rows,
    style,
  );
}

export function tunnelLines({ tunnels }: FactsEntry, style: TextStyle): string {
  const { units } = style;
  const rows = tunnels.map((row) => [String(row.depth), row.type, units.count(row.packets), units.bytes(row.bytes)]);
  return section('Tunnels', [right('depth'), left('tunnel'), right('packets'), right('bytes')], rows, style);
}

/**
 * The columns of a conversation table are those that tshark's users know: A <-> B, each way, total, start, duration.
 */
export function conversationLines(entry: FactsEntry, style: TextStyle): string {
  const { units } = style;
  const rows = entry.top.map((row) => [
    row.proto,
    row.a,
    '<->',
    row.b,
    units.count(row.packets_a_to_b),
    units.bytes(row.bytes_a_to_b),
    units.count(row.packets_b_to_a),
    units.bytes(row.bytes_b_to_a),
    units.count(row.packets),
    units.bytes(row.bytes),
    row.first_ns === null || entry.first_ns === null ? '-' : units.span(BigInt(row.first_ns) - BigInt(entry.first_ns)),
    row.first_ns === null || row.last_ns === null ? '-' : units.span(BigInt(row.last_ns) - BigInt(row.first_ns)),
    row.bits_per_second === null ? '-' : units.rate(Number(row.bits_per_second)),
  ]);
  const columns = [
    left('proto'),
    left('A'),
    left(''),
    left('B'),
    right('A->B packets'),
    right('bytes'),
    right('B->A packets'),
    right('bytes'),
    right('packets'),
    right('bytes'),
    right('start'),
    right('duration'),
    right(`rate${units.rateUnit}`),
  ];
  if (entry.conversations_limit !== undefined) addBounds(columns, rows, entry.top, style);
  if (entry.inner === true) {
    columns.push(left('tunnel'));
    for (const [i, fields] of rows.entries()) fields.push(tunnelsOf(entry.top.at(i)!));
  }
  if (entry.top.at(0)?.community_id !== undefined) {
    columns.push(left('community id'));
    for (const [i, fields] of rows.entries()) fields.push(entry.top.at(i)!.community_id ?? '');
  }
  const which = `Conversations${entry.inner === true ? ' inside of tunnels' : ''} (${rows.length} of ${units.count(entry.conversations)}, by ${style.sort})`;
  return [section(which, columns, rows, style), conversationNotes(entry, style)]
    .filter((text) => text !== '')
    .join('\n');
}

interface BoundedRow {
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_max?: Count;
  readonly bytes_max?: Count;
}

/** Where the table was full: what each row has at most. */
function addBounds(columns: Column[], rows: string[][], of: Rows<BoundedRow>, { units }: TextStyle): void {
  columns.push(right('at most packets'), right('bytes'));
  for (const [i, fields] of rows.entries()) {
    const { packets, bytes, packets_max = packets, bytes_max = bytes } = of.at(i)!;
    fields.push(packets_max === packets ? 'exact' : units.count(packets_max));
    fields.push(bytes_max === bytes ? 'exact' : units.bytes(bytes_max));
  }
}

export function endpointLines(entry: FactsEntry, style: TextStyle): string {
  const { units } = style;
  const named = entry.names !== undefined;
  const rows = entry.endpoints.map((row) => [
    row.address,
    ...(named ? [row.name === undefined || row.name === null ? '-' : shownNameInText(row.name)] : []),
    units.count(row.packets_sent),
    units.bytes(row.bytes_sent),
    units.count(row.packets_received),
    units.bytes(row.bytes_received),
    units.count(row.packets),
    units.bytes(row.bytes),
  ]);
  const columns = [
    left('address'),
    ...(named ? [left('name')] : []),
    right('sent packets'),
    right('bytes'),
    right('received packets'),
    right('bytes'),
    right('packets'),
    right('bytes'),
  ];
  if (entry.conversations_limit !== undefined) addBounds(columns, rows, entry.endpoints, style);
  const which = `Top talkers (${rows.length} of ${units.count(entry.endpoints_total)})`;
  return [section(which, columns, rows, style), endpointNotes(entry, style)].filter((text) => text !== '').join('\n');
}

export function sizeLines(entry: FactsEntry, style: TextStyle): string {
  const total = Number(entry.packets);
  const rows = entry.packet_sizes
    .filter(({ packets }) => packets > 0)
    .map((row) => [
      row.from === row.to ? String(row.from) : `${row.from} to ${row.to}`,
      style.units.count(row.packets),
      `${((Number(row.packets) / total) * 100).toFixed(1)} %`,
    ]);
  return section('Packet sizes', [left('bytes'), right('packets'), right('share')], rows, style);
}

export function seriesLines({ series }: FactsEntry, style: TextStyle): string {
  if (series === undefined) return '';
  const { units } = style;
  const health = series.tcp === true ? healthColumns : [];
  const rows = series.rows.map((row) => [
    ...[timeText(row.start_ns), units.count(row.packets), units.bytes(row.bytes)],
    ...health.map(([name]) => units.count(row.tcp?.[name] ?? 0)),
  ]);
  const coarsened = series.coarsened
    ? `; ${units.span(BigInt(series.interval_ns_asked))} would be more than ${series.rows_max} rows`
    : '';
  const title = `Time series (intervals of ${units.span(BigInt(series.interval_ns))}${coarsened})`;
  const columns = [left('start'), right('packets'), right('bytes'), ...health.map(([, column]) => right(column))];
  return section(title, columns, rows, style);
}

/** What is told beside traffic where the health of TCP was asked for. */
const healthColumns = [
  ['attempts', 'attempts'],
  ['refused', 'refused'],
  ['resets', 'resets'],
  ['old_segments', 'old segments'],
  ['zero_windows', 'zero windows'],
] as const;
