import { familyOf, linkName, protocolOf } from './protocol-names.js';
import { exactCount } from './report-total.js';
import type { ProtocolRow } from './report-types.js';

interface Row {
  readonly number: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

const ipv4Type = 0x0800;
const ipv6Type = 0x86dd;

function total(rows: readonly Row[], number: number): Row[] {
  if (rows.length === 0) return [];
  const sum = (of: (row: Row) => bigint): bigint => rows.reduce((all, row) => all + of(row), 0n);
  return [{ number, packets: sum((row) => row.packets), bytes: sum((row) => row.bytes) }];
}

/** Largest first: by bytes, then packets, then number. */
function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort((x, y) => Number(y.bytes - x.bytes) || Number(y.packets - x.packets) || x.number - y.number);
}

/** The breakdown by link type, network protocol, and IP protocol within each IP version. */
export function protocolRows(
  links: readonly Row[],
  families: readonly Row[],
  protocols4: readonly Row[],
  protocols6: readonly Row[],
): ProtocolRow[] {
  const row = (
    layer: ProtocolRow['layer'],
    { packets, bytes }: Row,
    named: { readonly name: string; readonly number: number | null },
    within: string | null = null,
  ): ProtocolRow => ({ layer, ...named, within, packets: exactCount(packets), bytes: exactCount(bytes) });
  const networks = [...families, ...total(protocols4, ipv4Type), ...total(protocols6, ipv6Type)];
  return [
    ...sorted(links).map((entry) => row('link', entry, { name: linkName(entry.number), number: entry.number })),
    ...sorted(networks).map((entry) => row('network', entry, familyOf(entry.number))),
    ...sorted(protocols4).map((entry) => row('transport', entry, protocolOf(entry.number), 'IPv4')),
    ...sorted(protocols6).map((entry) => row('transport', entry, protocolOf(entry.number), 'IPv6')),
  ];
}
