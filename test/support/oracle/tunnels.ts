import { readIp } from './ip-layer.js';
import { networkHeader, otherPayload } from './link-layer.js';
import type { OraclePacket } from './result.js';

/**
 * One tunnel around a packet, and what its header says: a VNI, key, session or TEID, or the labels of a
 * stack.
 */
export interface OracleLayer {
  readonly type: string;
  readonly ids: readonly number[];
}

export interface OracleInside {
  /** Outermost first. */
  readonly layers: readonly OracleLayer[];
  /**
   * The innermost IP header behind the packet's own that holds both its addresses, and how many layers are
   * around it.
   */
  readonly innermost: { readonly version: 4 | 6; readonly bytes: Uint8Array; readonly around: number } | null;
}

const depthMax = 8;
const labelsMax = 16;

/** Opens the tunnels of one packet, by recursion over what is left of it. */
export function insideOf(packet: OraclePacket): OracleInside {
  const opener = new Opener();
  const network = networkHeader(packet.linkType, packet.bytes, packet.order);
  const other = otherPayload(packet.linkType, packet.bytes, packet.order);
  if (network !== null) opener.ipPayload(network.version, network.bytes);
  else if (other !== null && opensOutermost(other.etherType)) opener.byEtherType(other.etherType, other.bytes);
  return { layers: opener.layers, innermost: opener.innermost };
}

const opensOutermost = (type: number): boolean => type < 0x600 || [0x8847, 0x8848, 0x8864].includes(type);

const u16 = (bytes: Uint8Array, at: number): number => bytes[at] * 256 + bytes[at + 1];
const u24 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 256 + bytes[at + 2];
const u32 = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 65_536 + u16(bytes, at + 2);

class Opener {
  readonly layers: OracleLayer[] = [];
  innermost: OracleInside['innermost'] = null;

  /** Notes a layer and goes on behind its header, unless that is too deep. */
  private layer(type: string, ids: number[], goOn: () => void): void {
    if (this.layers.length === depthMax) return;
    this.layers.push({ type, ids });
    goOn();
  }

  byEtherType(type: number, rest: Uint8Array): void {
    if (type < 0x600) this.llc(rest);
    else if (type === 0x0800) this.ip(4, rest);
    else if (type === 0x86dd) this.ip(6, rest);
    else if (type === 0x6558) this.ethernet(rest);
    else if ([0x8100, 0x88a8, 0x9100].includes(type)) {
      if (rest.length >= 4) this.byEtherType(u16(rest, 2), rest.subarray(4));
    } else if (type === 0x8847 || type === 0x8848) this.mpls(rest);
    else if (type === 0x8864) this.pppoe(rest);
  }

  private ethernet(rest: Uint8Array): void {
    if (rest.length >= 14) this.byEtherType(u16(rest, 12), rest.subarray(14));
  }

  /** GRE, GENEVE and SNAP have types in their headers, and no lengths. */
  private byType(type: number, rest: Uint8Array): void {
    if (type >= 0x600) this.byEtherType(type, rest);
  }

  private llc(rest: Uint8Array): void {
    const head = Buffer.from(rest.subarray(0, 6)).toString('hex');
    if (rest.length < 8 || !['aaaa03000000', 'aaaa030000f8'].includes(head)) return;
    this.layer('snap', [], () => this.byType(u16(rest, 6), rest.subarray(8)));
  }

  private ip(version: 4 | 6, bytes: Uint8Array): void {
    if (bytes.length < (version === 4 ? 20 : 40) || bytes[0] >> 4 !== version) return;
    this.innermost = { version, bytes, around: this.layers.length };
    this.ipPayload(version, bytes);
  }

  /** What an IP packet carries; nothing is known of a later fragment. */
  ipPayload(version: 4 | 6, bytes: Uint8Array): void {
    if (bytes.length < (version === 4 ? 20 : 40)) return;
    const { protocol, transport: rest } = readIp(version, bytes);
    if (rest === null) return;
    if (protocol === 17 && rest.length >= 8) this.udp(u16(rest, 2), rest.subarray(8));
    if (protocol === 4) this.ipInIp(version === 4 ? 'ipip' : '4in6', 4, rest);
    if (protocol === 41) this.ipInIp(version === 4 ? '6in4' : '6in6', 6, rest);
    if (protocol === 47) this.gre(rest);
    if (protocol === 115 && rest.length >= 4 && u32(rest, 0) !== 0) this.l2tp(rest);
    if (protocol === 137) this.mpls(rest);
  }

  private ipInIp(type: string, version: 4 | 6, rest: Uint8Array): void {
    if (rest.length > 0 && rest[0] >> 4 === version) this.layer(type, [], () => this.ip(version, rest));
  }

  private byVersion(rest: Uint8Array): void {
    if (rest.length > 0 && rest[0] >> 4 === 4) this.ip(4, rest);
    if (rest.length > 0 && rest[0] >> 4 === 6) this.ip(6, rest);
  }

  private udp(port: number, rest: Uint8Array): void {
    if (rest.length < 8) return;
    if (port === 4789 || port === 8472) {
      if (rest[0] & 8) this.layer('vxlan', [u24(rest, 4)], () => this.ethernet(rest.subarray(8)));
    } else if (port === 6081) {
      const head = 8 + (rest[0] & 0x3f) * 4;
      if (rest[0] >> 6 === 0 && rest.length >= head)
        this.layer('geneve', [u24(rest, 4)], () => this.byType(u16(rest, 2), rest.subarray(head)));
    } else if (port === 2152) this.gtp(rest);
    else if (port === 1701 && (u16(rest, 0) & 0x800f) === 3) this.l2tp(rest.subarray(4));
  }

  private gre(rest: Uint8Array): void {
    if (rest.length < 4 || rest[1] & 7) return;
    const [summed, routed, keyed, sequenced] = [0x80, 0x40, 0x20, 0x10].map((bit) => (rest[0] & bit) !== 0);
    const keyAt = summed || routed ? 8 : 4;
    const head = keyAt + (keyed ? 4 : 0) + (sequenced ? 4 : 0);
    if (rest.length < head) return;
    const type = u16(rest, 2);
    const inner = rest.subarray(head);
    if (type === 0x88be && !sequenced) this.layer('erspan1', [], () => this.ethernet(inner));
    else if (type === 0x88be || type === 0x22eb) this.erspan(type === 0x22eb ? 3 : 2, inner);
    else this.layer('gre', keyed ? [u32(rest, keyAt)] : [], () => routed || this.byType(type, inner));
  }

  private erspan(number: 2 | 3, rest: Uint8Array): void {
    let head = number === 2 ? 8 : 12;
    if (rest.length < head || rest[0] >> 4 !== number - 1) return;
    if (number === 3 && rest[11] & 1) head = 20;
    if (rest.length < head) return;
    const frameType = number === 2 ? 0 : (rest[10] >> 2) & 31;
    this.layer(`erspan${number}`, [u16(rest, 2) & 0x3ff], () => {
      if (frameType === 0) this.ethernet(rest.subarray(head));
      if (frameType === 2) this.byVersion(rest.subarray(head));
    });
  }

  private mpls(rest: Uint8Array): void {
    const labels: number[] = [];
    for (let at = 0; at + 4 <= rest.length && labels.length < labelsMax; at += 4) {
      labels.push(u24(rest, at) >> 4);
      if (rest[at + 2] & 1) return this.layer('mpls', labels, () => this.belowLabels(rest.subarray(at + 4)));
    }
    if (labels.length === labelsMax) this.layer('mpls', labels, () => undefined);
  }

  private belowLabels(rest: Uint8Array): void {
    if (rest.length === 0) return;
    if (rest[0] >> 4 === 6 || (rest[0] >> 4 === 4 && (rest[0] & 15) >= 5)) return this.byVersion(rest);
    if (rest[0] === 0x10 && rest[1] === 0) return;
    this.ethernet(rest[0] === 0 && rest[1] === 0 ? rest.subarray(4) : rest);
  }

  private pppoe(rest: Uint8Array): void {
    if (rest.length < 6 || rest[0] !== 0x11 || rest[1] !== 0) return;
    this.layer('pppoe', [u16(rest, 2)], () => {
      let ppp = rest.subarray(6);
      if (ppp[0] === 0xff && ppp[1] === 3) ppp = ppp.subarray(2);
      const short = ppp.length > 0 && (ppp[0] & 1) === 1;
      if (ppp.length < (short ? 1 : 2)) return;
      const protocol = short ? ppp[0] : u16(ppp, 0);
      const inner = ppp.subarray(short ? 1 : 2);
      if (protocol === 0x21) this.ip(4, inner);
      if (protocol === 0x57) this.ip(6, inner);
      if (protocol === 0x281 || protocol === 0x283) this.mpls(inner);
    });
  }

  private gtp(rest: Uint8Array): void {
    if (rest[0] >> 4 !== 3 || rest[1] !== 255) return;
    let head = rest[0] & 7 ? 12 : 8;
    if (rest.length < head) return;
    for (let next = rest[0] & 4 ? rest[11] : 0; next !== 0;) {
      const size = 4 * (rest[head] ?? 0);
      if (size === 0 || head + size > rest.length) return;
      head += size;
      next = rest[head - 1];
    }
    this.layer('gtpu', [u32(rest, 4)], () => this.byVersion(rest.subarray(head)));
  }

  /** From the session on. Where the frame begins is not told: the first place at which one with IP can. */
  private l2tp(rest: Uint8Array): void {
    this.layer('l2tpv3', [u32(rest, 0)], () => {
      const at = [4, 8, 12, 16].find((place) => holdsIp(rest.subarray(place)));
      if (at !== undefined) this.ethernet(rest.subarray(at));
    });
  }
}

function holdsIp(frame: Uint8Array): boolean {
  if (frame.length < 14) return false;
  let typeAt = 12;
  while (typeAt + 2 <= frame.length && [0x8100, 0x88a8, 0x9100].includes(u16(frame, typeAt))) typeAt += 4;
  const ip = frame.subarray(typeAt + 2);
  if (ip.length === 0) return false;
  if (u16(frame, typeAt) === 0x86dd) return ip[0] >> 4 === 6;
  const head = (ip[0] & 15) * 4;
  if (u16(frame, typeAt) !== 0x0800 || ip[0] >> 4 !== 4 || head < 20 || ip.length < head) return false;
  let sum = 0;
  for (let at = 0; at < head; at += 2) sum += u16(ip, at);
  return sum % 0xffff === 0;
}
