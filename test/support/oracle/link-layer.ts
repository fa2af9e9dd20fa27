/** Which network layer a frame announces: the IP version it claims (null: RAW, any) and where the header begins. */
interface Announced {
  version: 4 | 6 | null;
  offset: number;
}

const u16 = (bytes: Uint8Array, at: number): number | undefined =>
  at + 2 <= bytes.length ? bytes[at] * 256 + bytes[at + 1] : undefined;

/** Follows VLAN tags from an EtherType at `typeAt`, whose payload begins at `payloadAt`. */
function afterEtherType(frame: Uint8Array, typeAt: number, payloadAt: number): Announced | null {
  let type = u16(frame, typeAt);
  let offset = payloadAt;
  while (type === 0x8100 || type === 0x88a8 || type === 0x9100) {
    type = u16(frame, offset + 2);
    offset += 4;
  }
  if (type === 0x0800) return { version: 4, offset };
  if (type === 0x86dd) return { version: 6, offset };
  return null;
}

const inet = 2;
/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, Darwin; and of Linux, which some writers store. */
const inet6 = [24, 28, 30, 10];

/** BSD loopback: 4 bytes of address family, big-endian (LOOP) or the writer's order, unknown to the reader (NULL). */
function afterFamily(frame: Uint8Array, orders: readonly ('little' | 'big')[]): Announced | null {
  if (frame.length < 4) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, 4);
  for (const order of orders) {
    const family = view.getUint32(0, order === 'little');
    if (family === inet) return { version: 4, offset: 4 };
    if (inet6.includes(family)) return { version: 6, offset: 4 };
  }
  return null;
}

/** PPP: optional FF 03 (with a direction byte, 0 or 1, for FF in link type 166); the protocol in two bytes or in one. */
function afterPpp(frame: Uint8Array, directed: boolean): Announced | null {
  const addressed = frame[1] === 0x03 && (frame[0] === 0xff || (directed && frame[0] <= 1));
  const at = addressed ? 2 : 0;
  if (at >= frame.length) return null;
  const compressed = (frame[at] & 1) === 1;
  const protocol = compressed ? frame[at] : u16(frame, at);
  const offset = at + (compressed ? 1 : 2);
  if (protocol === 0x0021) return { version: 4, offset };
  if (protocol === 0x0057) return { version: 6, offset };
  return null;
}

function announced(linkType: number, frame: Uint8Array): Announced | null {
  switch (linkType) {
    case 1: // Ethernet
      return afterEtherType(frame, 12, 14);
    case 0: // NULL
      return afterFamily(frame, ['little', 'big']);
    case 108: // LOOP
      return afterFamily(frame, ['big']);
    case 12: // RAW in three numbers
    case 14:
    case 101:
      return { version: null, offset: 0 };
    case 228:
      return { version: 4, offset: 0 };
    case 229:
      return { version: 6, offset: 0 };
    case 9: // PPP, PPP in HDLC framing
    case 50:
      return afterPpp(frame, false);
    case 166: // PPP with direction
      return afterPpp(frame, true);
    case 113: // Linux cooked, first version
      return afterEtherType(frame, 14, 16);
    case 276: // Linux cooked, second version
      return afterEtherType(frame, 0, 20);
    default:
      return null;
  }
}

/** The network header in a frame, or null when it is not IP: the version nibble must be captured and must agree. */
export function networkHeader(linkType: number, frame: Uint8Array): { version: 4 | 6; bytes: Uint8Array } | null {
  const found = announced(linkType, frame);
  if (found === null || found.offset >= frame.length) return null;
  const nibble = frame[found.offset] >> 4;
  if (nibble !== 4 && nibble !== 6) return null;
  if (found.version !== null && found.version !== nibble) return null;
  return { version: nibble, bytes: frame.subarray(found.offset) };
}
