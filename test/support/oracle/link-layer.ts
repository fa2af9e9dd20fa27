type Order = 'little' | 'big';

/**
 * Which network layer a frame announces: the IP version it claims (null: RAW, any) and where the header
 * begins; or, for what is neither, its EtherType.
 */
interface Announced {
  version: 4 | 6 | null;
  offset: number;
  etherType?: number;
  /** Where the packet ends, when not with the frame. */
  end?: number;
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
  return type === undefined ? null : { version: null, offset, etherType: type };
}

const inet = 2;
/** AF_INET6 of NetBSD and OpenBSD, FreeBSD, Darwin; and of Linux, which some writers store. */
const inet6 = [24, 28, 30, 10];

function ofFamily(family: number, offset: number): Announced | null {
  if (family === inet) return { version: 4, offset };
  return inet6.includes(family) ? { version: 6, offset } : null;
}

/** BSD loopback and ENC: 4 bytes of address family, big-endian (LOOP) or the writer's order, unknown to the reader. */
function afterFamily(frame: Uint8Array, orders: readonly Order[], offset: number, fileOrder: Order): Announced | null {
  if (frame.length < offset) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, 4);
  const families = orders.map((order) => view.getUint32(0, order === 'little'));
  for (const family of families) {
    const found = ofFamily(family, offset);
    if (found !== null) return found;
  }
  // Apple's pdp_ip interfaces set flags in the upper half.
  const flagged = orders.length === 2 && families.every((family) => family > 0xffff);
  return flagged ? ofFamily(view.getUint32(0, fileOrder === 'little') & 0xffff, offset) : null;
}

/** NFLOG: attributes of a length and a type, each padded to 4 bytes; the packet is in number 9. */
function afterNflog(frame: Uint8Array, order: Order): Announced | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  for (let at = 4; at + 4 <= frame.length;) {
    const size = view.getUint16(at, order === 'little');
    if (size < 4) return null;
    const found = (view.getUint16(at + 2, order === 'little') & 0x7fff) === 9 ? ofFamily(frame[0], at + 4) : undefined;
    if (found !== undefined) return found === null ? null : { ...found, end: at + size };
    at += Math.ceil(size / 4) * 4;
  }
  return null;
}

/** A frame of another link type behind a header that tells its own length: PPI and PKTAP. */
function unwrapped(linkType: number, frame: Uint8Array): { linkType: number; offset: number } | null {
  const typeAt = linkType === 192 ? 4 : 8;
  if (frame.length < typeAt + 4) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const offset = linkType === 192 ? view.getUint16(2, true) : view.getUint32(0, true);
  const inner = view.getUint32(typeAt, true);
  return offset < typeAt + 4 || offset > frame.length || [192, 258].includes(inner)
    ? null
    : { linkType: inner, offset };
}

/** radiotap: where the 802.11 frame begins and whether its header is padded to 4 bytes. */
function radiotap(frame: Uint8Array): { offset: number; padded: boolean } | null {
  if (frame.length < 8 || frame[0] !== 0) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const length = view.getUint16(2, true);
  if (length < 8 || length > frame.length) return null;
  const present = view.getUint32(4, true);
  let at = 8;
  for (let word = present; word >= 0x8000_0000 && at + 4 <= length; at += 4) word = view.getUint32(at, true);
  if (present & 1) at = Math.ceil(at / 8) * 8 + 8;
  return { offset: length, padded: (present & 2) !== 0 && at < length && (frame[at] & 0x20) !== 0 };
}

/** IEEE 802.11 data frames, neither encrypted nor aggregated: address 4, QoS and HT control are there as flags say. */
function after80211(frame: Uint8Array, start: number, padded: boolean): Announced | null {
  const [control, flags] = frame.subarray(start, start + 2);
  if (flags === undefined || control % 16 !== 8 || control & 0x40 || flags & 0x40) return null;
  let head = (flags & 3) === 3 ? 30 : 24;
  if (control & 0x80) {
    if (start + head + 2 > frame.length || frame[start + head] & 0x80) return null;
    head += flags & 0x80 ? 6 : 2;
  }
  const at = start + (padded ? Math.ceil(head / 4) * 4 : head);
  const snap = Buffer.from(frame.subarray(at, at + 6)).toString('hex');
  return ['aaaa03000000', 'aaaa030000f8'].includes(snap) ? afterEtherType(frame, at + 6, at + 8) : null;
}

/**
 * PPP: optional FF 03 (with a direction byte, 0 or 1, for FF in link type 166); the protocol in two bytes or in one.
 */
function afterPpp(frame: Uint8Array, directed: boolean): Announced | null {
  const addressed = frame[1] === 0x03 && (frame[0] === 0xff || (directed && frame[0] <= 1));
  const at = addressed ? 2 : 0;
  if (at >= frame.length) return null;
  const compressed = (frame[at] & 1) === 1;
  const protocol = compressed ? frame[at] : u16(frame, at);
  const offset = at + (compressed ? 1 : 2);
  if (protocol === 0x0021) return { version: 4, offset };
  if (protocol === 0x0057) return { version: 6, offset };
  return protocol === 0x281 || protocol === 0x283 ? { version: null, offset, etherType: 0x8847 } : null;
}

function announced(linkType: number, frame: Uint8Array, order: Order): Announced | null {
  switch (linkType) {
    case 1: // Ethernet
      return afterEtherType(frame, 12, 14);
    case 0: // NULL
      return afterFamily(frame, ['big', 'little'], 4, order);
    case 109: // ENC
      return afterFamily(frame, ['big', 'little'], 12, order);
    case 108: // LOOP
      return afterFamily(frame, ['big'], 4, order);
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
    case 104: // Cisco HDLC
      return afterEtherType(frame, 2, 4);
    case 105: // IEEE 802.11
      return after80211(frame, 0, false);
    case 127: {
      const found = radiotap(frame);
      return found === null ? null : after80211(frame, found.offset, found.padded);
    }
    case 117: // PFLOG
      return frame.length < 2 ? null : ofFamily(frame[1], Math.ceil(frame[0] / 4) * 4);
    case 239:
      return afterNflog(frame, order);
    case 192: // PPI
    case 258: {
      const inner = unwrapped(linkType, frame);
      const found = inner === null ? null : announced(inner.linkType, frame.subarray(inner.offset), order);
      if (inner === null || found === null) return null;
      const end = found.end === undefined ? undefined : found.end + inner.offset;
      return { ...found, offset: found.offset + inner.offset, end };
    }
    default:
      return null;
  }
}

/** The network header in a frame, or null when it is not IP: the version nibble must be captured and must agree. */
export function networkHeader(
  linkType: number,
  frame: Uint8Array,
  order: Order,
): { version: 4 | 6; bytes: Uint8Array } | null {
  const found = announced(linkType, frame, order);
  if (found === null || found.etherType !== undefined || found.offset >= frame.length) return null;
  const nibble = frame[found.offset] >> 4;
  if (nibble !== 4 && nibble !== 6) return null;
  if (found.version !== null && found.version !== nibble) return null;
  return { version: nibble, bytes: frame.subarray(found.offset, found.end) };
}

/** What stands behind the link layer of a frame that is not IP: its EtherType, and the bytes from there on. */
export function otherPayload(
  linkType: number,
  frame: Uint8Array,
  order: Order,
): { etherType: number; bytes: Uint8Array } | null {
  const found = announced(linkType, frame, order);
  if (found?.etherType === undefined) return null;
  return { etherType: found.etherType, bytes: frame.subarray(found.offset, found.end) };
}
