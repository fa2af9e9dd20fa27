/** Names for people. A number without a name is told as a number. */
const linkNames: Readonly<Record<number, string>> = {
  0: 'NULL',
  1: 'Ethernet',
  9: 'PPP',
  12: 'RAW',
  14: 'RAW',
  50: 'PPP (HDLC)',
  101: 'RAW',
  104: 'Cisco HDLC',
  105: 'IEEE 802.11',
  108: 'LOOP',
  109: 'ENC (IPsec)',
  113: 'Linux SLL',
  117: 'PFLOG',
  127: 'IEEE 802.11 radiotap',
  166: 'PPP (direction)',
  189: 'USB Linux',
  192: 'PPI',
  195: 'IEEE 802.15.4',
  220: 'USB Linux mmapped',
  228: 'IPV4',
  229: 'IPV6',
  231: 'D-Bus',
  239: 'NFLOG',
  249: 'USBPCAP',
  258: 'PKTAP',
  276: 'Linux SLL2',
};

const etherTypeNames: Readonly<Record<number, string>> = {
  0x0800: 'IPv4',
  0x0806: 'ARP',
  0x6558: 'Transparent Ethernet',
  0x8035: 'RARP',
  0x809b: 'AppleTalk',
  0x8137: 'IPX',
  0x86dd: 'IPv6',
  0x8809: 'Slow protocols',
  0x8847: 'MPLS',
  0x8848: 'MPLS multicast',
  0x8863: 'PPPoE discovery',
  0x8864: 'PPPoE session',
  0x888e: 'EAPOL',
  0x8892: 'PROFINET',
  0x88cc: 'LLDP',
  0x88e5: 'MACsec',
  0x88f7: 'PTP',
  0x9000: 'Loopback test',
};

/** The first rows of the families, which are no EtherTypes (assembly/layout.ts). */
const familyNames = [
  'LLC (802.3 length)',
  'link type not decoded',
  'cut before a network header',
  'PPP, not IP',
  'address family that is not IP',
  'RAW, not IP',
  'IPv4 by the link, not by its version',
  'IPv6 by the link, not by its version',
  '802.11 without a readable packet',
];

const protocolNames: Readonly<Record<number, string>> = {
  0: 'Hop-by-hop options',
  1: 'ICMP',
  2: 'IGMP',
  4: 'IPv4 in IP',
  6: 'TCP',
  17: 'UDP',
  41: 'IPv6 in IP',
  43: 'IPv6 routing',
  44: 'IPv6 fragment',
  46: 'RSVP',
  47: 'GRE',
  50: 'ESP',
  51: 'AH',
  58: 'ICMPv6',
  59: 'No next header',
  60: 'IPv6 destination options',
  88: 'EIGRP',
  89: 'OSPF',
  103: 'PIM',
  112: 'VRRP',
  132: 'SCTP',
  135: 'IPv6 mobility',
  136: 'UDP-Lite',
};

export const linkName = (number: number): string => linkNames[number] ?? `LINKTYPE ${number}`;

/** Link types whose packets are looked into (assembly/link.ts). */
const decodedLinks: ReadonlySet<number> = new Set([
  ...[0, 1, 9, 12, 14, 50, 101, 104, 105, 108, 109, 113, 117, 127, 166, 192, 228, 229, 239, 258, 276],
]);

export const isDecodedLink = (number: number): boolean => decodedLinks.has(number);

export function familyOf(row: number): { readonly name: string; readonly number: number | null } {
  if (row < familyNames.length) return { name: familyNames[row], number: null };
  return { name: etherTypeNames[row] ?? `EtherType 0x${row.toString(16).padStart(4, '0')}`, number: row };
}

export function protocolOf(row: number): { readonly name: string; readonly number: number | null } {
  if (row === 256) return { name: 'not captured', number: null };
  return { name: protocolNames[row] ?? `IP protocol ${row}`, number: row };
}
