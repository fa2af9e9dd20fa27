/** How the type of what follows is told, which decides how a protocol is asked for. */
export type LinkKind =
  | 'ethernet'
  | 'typed' // An EtherType, without the forms that Ethernet has for LLC.
  | 'sll'
  | 'ppp'
  | 'family' // A number of the writer's system, in the writer's byte order.
  | 'family-network' // The same in network order.
  | 'version' // The first half byte of the IP header.
  | 'ipv4'
  | 'ipv6'
  | 'opaque'; // Not looked into.

export interface LinkType {
  /** LINKTYPE number of the capture file. */
  readonly number: number;
  readonly name: string;
  readonly kind: LinkKind;
  /** Where the type stands. */
  readonly typeAt: number;
  /** Where the network header begins. */
  readonly payloadAt: number;
}

type Row = readonly [number, string, LinkKind, number, number];

const rows: readonly Row[] = [
  [0, 'NULL', 'family', 0, 4],
  [1, 'Ethernet', 'ethernet', 12, 14],
  [9, 'PPP', 'ppp', 2, 4],
  [12, 'raw IP', 'version', 0, 0],
  [14, 'raw IP', 'version', 0, 0],
  [50, 'PPP in HDLC', 'ppp', 2, 4],
  [51, 'PPPoE', 'ppp', 6, 8],
  [101, 'raw IP', 'version', 0, 0],
  [104, 'Cisco HDLC', 'typed', 2, 4],
  [108, 'LOOP', 'family-network', 0, 4],
  [109, 'OpenBSD encapsulated IP', 'family', 0, 12],
  [113, 'Linux cooked v1', 'sll', 14, 16],
  [138, 'Apple IP over FireWire', 'typed', 16, 18],
  [166, 'PPP with direction', 'ppp', 2, 4],
  [228, 'raw IPv4', 'ipv4', 0, 0],
  [229, 'raw IPv6', 'ipv6', 0, 0],
  [276, 'Linux cooked v2', 'typed', 0, 20],
];

const linkTypes = new Map(
  rows.map(([number, name, kind, typeAt, payloadAt]): [number, LinkType] => [
    number,
    { number, name, kind, typeAt, payloadAt },
  ]),
);

/** Link types whose headers filters look into. */
export const filteredLinkTypes: readonly LinkType[] = [...linkTypes.values()];

/** Of every other type only link[N] and the length can be asked, as in libpcap. */
export function linkTypeOf(number: number): LinkType {
  return linkTypes.get(number) ?? { number, name: `link type ${number}`, kind: 'opaque', typeAt: 0, payloadAt: 0 };
}
