import { join, net, u8, writer, zeros, type ByteOrder } from './bytes.js';

/** LINKTYPE numbers of the link layers that are understood. */
export const linkTypes = {
  null: 0,
  ethernet: 1,
  ciscoHdlc: 104,
  wlan: 105,
  enc: 109,
  pflog: 117,
  radiotap: 127,
  ppi: 192,
  nflog: 239,
  pktap: 258,
  ppp: 9,
  raw12: 12,
  raw14: 14,
  pppHdlc: 50,
  raw: 101,
  loop: 108,
  linuxCooked: 113,
  pppWithDirection: 166,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

export interface FrameForm {
  /** EtherTypes of VLAN tags, outermost first (Ethernet and Linux cooked). */
  readonly tags?: readonly number[];
  /** Byte order of the address family (NULL). */
  readonly familyOrder?: ByteOrder;
  /** Address family written for IPv6 (NULL, LOOP): BSDs differ. */
  readonly familyOf6?: 24 | 28 | 30;
  /** PPP: address and control bytes (null: left out), and whether the protocol takes one byte. */
  readonly pppAddress?: readonly [number, number] | null;
  readonly pppCompressed?: boolean;
}

const etherTypes = { 4: 0x0800, 6: 0x86dd } as const;
const pppProtocols = { 4: 0x0021, 6: 0x0057 } as const;

/** An EtherType with its tags: the outermost type first, then each tag's two bytes and the next type. */
function tagged(type: number, tags: readonly number[]): { type: Uint8Array; rest: Uint8Array } {
  const types = [...tags, type];
  const rest = types.slice(1).map((next, i) => join(net.u16(i + 5), net.u16(next)));
  return { type: net.u16(types[0]), rest: join(...rest) };
}

/** Puts a link layer's header before a network packet of the given IP version, or of any EtherType. */
export function frame(linkType: number, version: 4 | 6, packet: Uint8Array, form: FrameForm = {}): Uint8Array {
  const { type, rest } = tagged(etherTypes[version], form.tags ?? []);
  const family = version === 4 ? 2 : (form.familyOf6 ?? 24);
  switch (linkType) {
    case linkTypes.ethernet:
      return join(u8(2, 0, 0, 0, 0, 1), u8(2, 0, 0, 0, 0, 2), type, rest, packet);
    case linkTypes.null:
      return join(writer(form.familyOrder ?? 'little').u32(family), packet);
    case linkTypes.loop:
      return join(net.u32(family), packet);
    case linkTypes.ppp:
    case linkTypes.pppHdlc:
    case linkTypes.pppWithDirection:
      return join(ppp(version, form), packet);
    case linkTypes.linuxCooked:
      return join(net.u16(0), net.u16(1), net.u16(6), u8(2, 0, 0, 0, 0, 1, 0, 0), type, rest, packet);
    case linkTypes.linuxCooked2:
      return join(type, zeros(2), net.u32(3), net.u16(1), u8(0, 6, 2, 0, 0, 0, 0, 1, 0, 0), rest, packet);
    case linkTypes.ciscoHdlc:
      return join(u8(0x0f, 0), type, rest, packet);
    case linkTypes.enc:
      return join(writer(form.familyOrder ?? 'little').u32(family), zeros(8), packet);
    case linkTypes.pflog:
      return join(u8(61, family), zeros(62), packet);
    case linkTypes.nflog: {
      const { u16 } = writer(form.familyOrder ?? 'little');
      const prefix = join(u16(5), u16(10), zeros(4));
      return join(u8(family === 2 ? 2 : 10, 0), zeros(2), prefix, u16(packet.length + 4), u16(9), packet);
    }
    case linkTypes.ppi:
    case linkTypes.pktap:
      return wrapped(linkType, linkTypes.ethernet, frame(linkTypes.ethernet, version, packet, form));
    case linkTypes.wlan:
    case linkTypes.radiotap: {
      const qos = form.pppCompressed === true;
      const padded = linkType === linkTypes.radiotap && form.familyOrder === 'big';
      const address4 = (form.tags ?? []).length > 1;
      const head = join(u8(qos ? 0x88 : 0x08, address4 ? 3 : 1), zeros(address4 ? 28 : 22), zeros(qos ? 2 : 0));
      const snap = join(u8(0xaa, 0xaa, 3, 0, 0, 0), type, rest, packet);
      const body = join(head, zeros(padded ? (4 - (head.length % 4)) % 4 : 0), snap);
      return linkType === linkTypes.wlan ? body : join(radiotap(padded), body);
    }
    default: // raw, and every link layer that is not understood
      return packet;
  }
}

/** A frame of another link type behind the header of PPI or PKTAP. */
export function wrapped(linkType: 192 | 258, inner: number, bytes: Uint8Array): Uint8Array {
  const { u16, u32 } = writer('little');
  if (linkType === linkTypes.ppi) return join(u8(0, 0), u16(8), u32(inner), bytes);
  return join(u32(108), u32(1), u32(inner), zeros(96), bytes);
}

/** A radiotap header with a time, whose flags say whether the 802.11 header is padded to 4 bytes. */
function radiotap(padded: boolean): Uint8Array {
  const { u16, u32 } = writer('little');
  return join(u8(0, 0), u16(17), u32(3), zeros(8), u8(padded ? 0x20 : 0));
}

function ppp(version: 4 | 6, { pppAddress, pppCompressed }: FrameForm): Uint8Array {
  const address = pppAddress === undefined ? [0xff, 0x03] : (pppAddress ?? []);
  const protocol = pppProtocols[version];
  return join(u8(...address), pppCompressed ? u8(protocol) : net.u16(protocol));
}

/** An Ethernet frame of any EtherType: ARP, LLC (a length), PPPoE, MPLS. */
export function etherFrame(etherType: number, payload: Uint8Array, tags: readonly number[] = []): Uint8Array {
  const { type, rest } = tagged(etherType, tags);
  return join(u8(2, 0, 0, 0, 0, 1), u8(2, 0, 0, 0, 0, 2), type, rest, payload);
}
