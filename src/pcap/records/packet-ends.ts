/**
 * Where an IP packet goes: its addresses as 4 or 16 bytes, and its ports where it is the first fragment of TCP or UDP.
 */
export interface PacketEnds {
  /** 6 or 17; null: neither, or its ports are not there. */
  readonly protocol: 6 | 17 | null;
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly sourcePort: number;
  readonly targetPort: number;
}

const tags = [0x8100, 0x88a8, 0x9100];
const extensions = [0, 43, 44, 60];

/**
 * Link types whose packets begin with an IP header of either version, and with four bytes of an address
 * family before it.
 */
const rawLinks = [12, 14, 101];
const familyLinks = [0, 108];

/** Where the type of what follows stands, and where the header ends. */
const typed: ReadonlyMap<number, readonly [typeAt: number, headBytes: number]> = new Map([
  [1, [12, 14]],
  [104, [2, 4]],
  [113, [14, 16]],
  [276, [0, 20]],
]);

/**
 * The ends of a packet as the counts see it, behind any VLAN tags; null: it is no IP packet, or of another link type.
 */
export function packetEnds(link: number, data: Uint8Array): PacketEnds | null {
  const found = network(link & 0xffff, data);
  if (found === null || found.at >= data.length) return null;
  const { at, only } = found;
  const version = data[at] >> 4;
  if (only !== null && version !== only) return null;
  if (version === 4) return ends4(data, at);
  return version === 6 ? ends6(data, at) : null;
}

/** Where the network header begins, and the one version that the header before it says; null: either. */
function network(link: number, data: Uint8Array): { readonly at: number; readonly only: 4 | 6 | null } | null {
  if (rawLinks.includes(link)) return { at: 0, only: null };
  if (link === 228 || link === 229) return { at: 0, only: link === 228 ? 4 : 6 };
  if (familyLinks.includes(link)) return { at: 4, only: null };
  const head = typed.get(link);
  if (head === undefined) return null;
  let [type, at] = [big16(data, head[0]), head[1]];
  while (tags.includes(type) && at + 4 <= data.length) {
    type = big16(data, at + 2);
    at += 4;
  }
  if (type === 0x0800) return { at, only: 4 };
  return type === 0x86dd ? { at, only: 6 } : null;
}

const big16 = (data: Uint8Array, at: number): number => (at + 2 > data.length ? 0 : (data[at] << 8) | data[at + 1]);

function ends4(data: Uint8Array, at: number): PacketEnds | null {
  if (data.length - at < 20) return null;
  const headBytes = (data[at] & 15) << 2;
  const first = (big16(data, at + 6) & 0x1fff) === 0;
  const addresses = { source: data.subarray(at + 12, at + 16), target: data.subarray(at + 16, at + 20) };
  return withPorts(data, addresses, data[at + 9], first && headBytes >= 20 ? at + headBytes : null);
}

function ends6(data: Uint8Array, at: number): PacketEnds | null {
  if (data.length - at < 40) return null;
  const addresses = { source: data.subarray(at + 8, at + 24), target: data.subarray(at + 24, at + 40) };
  let protocol = data[at + 6];
  let next: number | null = at + 40;
  while (extensions.includes(protocol) && next !== null && next + 4 <= data.length) {
    const fragment: boolean = protocol === 44;
    const later: boolean = fragment && (big16(data, next + 2) & 0xfff8) !== 0;
    protocol = data[next];
    next = later ? null : next + (fragment ? 8 : (data[next + 1] + 1) << 3);
  }
  return withPorts(data, addresses, protocol, next);
}

function withPorts(
  data: Uint8Array,
  addresses: { readonly source: Uint8Array; readonly target: Uint8Array },
  protocol: number,
  at: number | null,
): PacketEnds {
  if ((protocol !== 6 && protocol !== 17) || at === null || at + 4 > data.length)
    return { ...addresses, protocol: null, sourcePort: 0, targetPort: 0 };
  return { ...addresses, protocol, sourcePort: big16(data, at), targetPort: big16(data, at + 2) };
}
