import type { Count } from '../../pcap/types.js';
import { Bar } from '../chart/bar.js';
import { element } from '../dom.js';
import { formatBytes } from '../format.js';
import type { FactsEntry } from './data.js';
import { approximate, exact, shareOf } from './figures.js';

/** A table whose rows are parts of a whole, each with a bar. */
interface ShareRow {
  readonly name: string;
  /** Steps below the root. */
  readonly depth: number;
  readonly packets: Count;
  readonly bytes?: Count;
}

/** What carries what: link layers, network protocols, and within the IP versions the transport protocols. */
export function protocolTree({ protocols, packets, original_bytes }: FactsEntry, leftOut: number): HTMLElement {
  const rows: ShareRow[] = [];
  const of = (layer: string): typeof protocols => protocols.filter((row) => row.layer === layer);
  const links = of('link');
  for (const link of links) rows.push({ name: link.name, depth: 0, packets: link.packets, bytes: link.bytes });
  // Several link types carry the same network protocols: these stand under all of them together.
  if (links.length > 1) rows.push({ name: 'All link types', depth: 0, packets, bytes: original_bytes });
  for (const network of of('network')) {
    rows.push({ name: network.name, depth: 1, packets: network.packets, bytes: network.bytes });
    for (const transport of of('transport').filter(({ within }) => within === network.name)) {
      rows.push({ name: transport.name, depth: 2, packets: transport.packets, bytes: transport.bytes });
    }
  }
  const table = shareTable('Protocols', 'Protocol', rows, packets, original_bytes);
  if (leftOut === 0) return table;
  return element('div', {}, table, element('p', { class: 'soft small' }, `${leftOut} rarer lines are left out here.`));
}

/** The deepest step for which the page has a style. */
const depthMax = 2;

/** What is inside of tunnels: those of a deeper level lie in others, so the shares of all rows are no whole. */
export function tunnelTable({ tunnels, packets, original_bytes }: FactsEntry): HTMLElement {
  const rows = tunnels.map((row) => ({
    name: row.type,
    depth: Math.min(row.depth - 1, depthMax),
    packets: row.packets,
    bytes: row.bytes,
  }));
  return shareTable('Tunnels', 'Tunnel', rows, packets, original_bytes);
}

/** How long the packets are on the wire. */
export function sizeTable({ packet_sizes, packets }: FactsEntry): HTMLElement {
  const rows = packet_sizes
    .filter((row) => approximate(row.packets) > 0)
    .map((row) => ({
      name: row.from === row.to ? exact(row.from) : `${exact(row.from)} to ${exact(row.to)}`,
      depth: 0,
      packets: row.packets,
    }));
  return shareTable('Packet sizes', 'Bytes on the wire', rows, packets);
}

function shareTable(
  name: string,
  first: string,
  rows: readonly ShareRow[],
  packets: Count,
  bytes?: Count,
): HTMLElement {
  const number = (title: string): HTMLElement => element('th', { scope: 'col', class: 'number' }, title);
  const whole = approximate(packets);
  const lines = rows.map((row) => {
    const share = whole === 0 ? 0 : approximate(row.packets) / whole;
    const bar = new Bar();
    bar.show(share, 1);
    return element(
      'tr',
      {},
      element('th', { scope: 'row', class: `depth-${row.depth}` }, row.name),
      element('td', { class: 'bar-cell' }, bar.node),
      element('td', { class: 'number' }, shareOf(row.packets, packets)),
      element('td', { class: 'number' }, exact(row.packets)),
      bytes === undefined || row.bytes === undefined
        ? null
        : element('td', { class: 'number', title: `${exact(row.bytes)} bytes` }, formatBytes(approximate(row.bytes))),
    );
  });
  return element(
    'div',
    { class: 'table-scroll', tabindex: 0, role: 'region', 'aria-label': name },
    element(
      'table',
      { class: 'shares' },
      element('caption', { class: 'hidden-text' }, name),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', { scope: 'col' }, first),
          element('td', { class: 'bar-cell' }),
          number('Share'),
          number('Packets'),
          bytes === undefined ? null : number('Bytes'),
        ),
      ),
      element('tbody', {}, ...lines),
    ),
  );
}
