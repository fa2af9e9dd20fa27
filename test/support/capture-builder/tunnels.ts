import fc from 'fast-check';

import { join, net, u8, zeros } from './bytes.js';
import { etherFrame } from './frames.js';
import { address4, address6, ipv4, ipv6, tcp, udp } from './packets.js';

/** An IP packet or an Ethernet frame: what tunnels hold, and what they make of it. */
export type Content =
  | { readonly kind: 'ip'; readonly version: 4 | 6; readonly bytes: Uint8Array }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array };

/** A tunnel around some content. */
export type Wrap = (inner: Content) => Content;

const etherTypeOf = { 4: 0x0800, 6: 0x86dd } as const;

/** The content as an Ethernet frame. */
export function asFrame(content: Content, tags: readonly number[] = []): Uint8Array {
  return content.kind === 'frame' ? content.bytes : etherFrame(etherTypeOf[content.version], content.bytes, tags);
}

/** The type that names the content in GRE and GENEVE, and its bytes. */
function typed(content: Content): Uint8Array[] {
  return [net.u16(content.kind === 'frame' ? 0x6558 : etherTypeOf[content.version]), content.bytes];
}

/** An outer IP packet between two routers. */
export function outer(protocol: number, payload: Uint8Array, version: 4 | 6 = 4): Content {
  const addresses = version === 4 ? [address4(0xf001), address4(0xf002)] : [address6(0xf001), address6(0xf002)];
  const packet = { source: addresses[0], target: addresses[1], protocol, payload };
  return { kind: 'ip', version, bytes: version === 4 ? ipv4(packet) : ipv6(packet) };
}

const overUdp = (port: number, payload: Uint8Array, version: 4 | 6 = 4): Content =>
  outer(17, udp({ source: 50_000, target: port }, payload), version);

const u24 = (value: number): Uint8Array => net.u32(value << 8).subarray(0, 3);

/** An IPv4 header with its sum, which L2TPv3 is recognised by. */
function summed(content: Content): Content {
  if (content.kind === 'frame' || content.version === 6) return content;
  const bytes = Uint8Array.from(content.bytes);
  const head = Math.min((bytes[0] & 15) * 4, bytes.length);
  let sum = 0;
  for (let at = 0; at + 1 < head; at += 2) sum += bytes[at] * 256 + bytes[at + 1];
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  bytes.set(net.u16(~sum & 0xffff), 10);
  return { ...content, bytes };
}

/** Every kind of tunnel; each number that a header holds can be said. */
export const tunnel = {
  vxlan:
    (vni: number, port = 4789, version: 4 | 6 = 4): Wrap =>
    (inner) =>
      overUdp(port, join(u8(8, 0, 0, 0), u24(vni), u8(0), asFrame(inner)), version),
  geneve:
    (vni: number, optionWords = 0): Wrap =>
    (inner) =>
      overUdp(6081, join(u8(optionWords, 0), typed(inner)[0], u24(vni), u8(0), zeros(4 * optionWords), inner.bytes)),
  gre:
    (key: number | null, extra = 0): Wrap =>
    (inner) => {
      const flags = (extra & 1 ? 0x8000 : 0) | (key === null ? 0 : 0x2000) | (extra & 2 ? 0x1000 : 0);
      const words = [extra & 1 ? net.u32(0) : zeros(0), key === null ? zeros(0) : net.u32(key)];
      return outer(47, join(net.u16(flags), typed(inner)[0], ...words, extra & 2 ? net.u32(9) : zeros(0), inner.bytes));
    },
  erspan1: (): Wrap => (inner) => outer(47, join(net.u16(0), net.u16(0x88be), asFrame(inner))),
  erspan2:
    (session: number): Wrap =>
    (inner) =>
      outer(
        47,
        join(net.u16(0x1000), net.u16(0x88be), net.u32(1), u8(0x10, 1), net.u16(session), zeros(4), asFrame(inner)),
      ),
  erspan3:
    (session: number, subheader = false): Wrap =>
    (inner) => {
      const ofIp = inner.kind === 'ip';
      const last = u8(ofIp ? 2 << 2 : 0, subheader ? 1 : 0);
      const head = join(u8(0x20, 1), net.u16(session), zeros(6), last, zeros(subheader ? 8 : 0));
      return outer(47, join(net.u16(0x1000), net.u16(0x22eb), net.u32(1), head, inner.bytes));
    },
  ipInIp:
    (version: 4 | 6 = 4): Wrap =>
    (inner) => {
      if (inner.kind === 'frame') return inner;
      return outer(inner.version === 4 ? 4 : 41, inner.bytes, version);
    },
  mpls:
    (labels: readonly number[], controlWord = true): Wrap =>
    (inner) => {
      const stack = labels.map((label, i) => net.u32((label << 12) | (i === labels.length - 1 ? 0x100 : 0) | 64));
      const word = inner.kind === 'frame' && controlWord ? zeros(4) : zeros(0);
      return { kind: 'frame', bytes: etherFrame(0x8847, join(...stack, word, inner.bytes)) };
    },
  mplsInIp:
    (label: number): Wrap =>
    (inner) =>
      outer(137, join(net.u32((label << 12) | 0x140), inner.kind === 'frame' ? zeros(4) : zeros(0), inner.bytes)),
  pppoe:
    (session: number): Wrap =>
    (inner) => {
      if (inner.kind === 'frame') return inner;
      const ppp = join(net.u16(inner.version === 4 ? 0x21 : 0x57), inner.bytes);
      return {
        kind: 'frame',
        bytes: etherFrame(0x8864, join(u8(0x11, 0), net.u16(session), net.u16(ppp.length), ppp)),
      };
    },
  gtpu:
    (teid: number, extensions = 0): Wrap =>
    (inner) => {
      if (inner.kind === 'frame') return inner;
      const next = (left: number): number => (left > 0 ? 0x85 : 0);
      const chain = Array.from({ length: extensions }, (_, i) => u8(1, 0x10, 5, next(extensions - 1 - i)));
      const optional = extensions === 0 ? zeros(0) : join(net.u16(7), u8(0, next(extensions)), ...chain);
      const head = join(u8(extensions === 0 ? 0x30 : 0x34, 255), net.u16(optional.length + inner.bytes.length));
      return overUdp(2152, join(head, net.u32(teid), optional, inner.bytes));
    },
  l2tpv3:
    (session: number, skipped: number, inUdp = false): Wrap =>
    (inner) => {
      const data = join(net.u32(session), new Uint8Array(skipped).fill(0xa5), asFrame(summed(inner)));
      return inUdp ? overUdp(1701, join(net.u16(3), net.u16(0), data)) : outer(115, data);
    },
  snap: (): Wrap => (inner) => {
    if (inner.kind === 'frame') return inner;
    const body = join(u8(0xaa, 0xaa, 3, 0, 0, 0), net.u16(etherTypeOf[inner.version]), inner.bytes);
    return { kind: 'frame', bytes: etherFrame(Math.min(body.length, 1500), body) };
  },
} as const;

/** A TCP or UDP packet between two hosts of a small network. */
export function conversationPacket(version: 4 | 6, from: number, to: number, protocol: 6 | 17): Content {
  const [source, target] = version === 4 ? [address4(from), address4(to)] : [address6(from), address6(to)];
  const ports = { source: from < to ? 40_000 : 443, target: from < to ? 443 : 40_000 };
  const packet = { source, target, protocol, payload: protocol === 6 ? tcp(ports) : udp(ports) };
  return { kind: 'ip', version, bytes: version === 4 ? ipv4(packet) : ipv6(packet) };
}

const id = fc.integer({ min: 0, max: 3 });
const version = fc.constantFrom(4 as const, 6 as const);

/** Any tunnel, its numbers from a small pool, so that paths recur. */
const anyWrap: fc.Arbitrary<Wrap> = fc.oneof(
  fc.tuple(id, fc.constantFrom(4789, 8472), version).map(([vni, port, v]) => tunnel.vxlan(vni, port, v)),
  fc.tuple(id, fc.integer({ min: 0, max: 3 })).map(([vni, words]) => tunnel.geneve(vni, words)),
  fc.tuple(fc.option(id), fc.integer({ min: 0, max: 3 })).map(([key, extra]) => tunnel.gre(key, extra)),
  fc.constant(tunnel.erspan1()),
  id.map((session) => tunnel.erspan2(session)),
  fc.tuple(id, fc.boolean()).map(([session, sub]) => tunnel.erspan3(session, sub)),
  version.map((v) => tunnel.ipInIp(v)),
  fc
    .tuple(fc.array(fc.integer({ min: 16, max: 18 }), { minLength: 1, maxLength: 17 }), fc.boolean())
    .map(([labels, word]) => tunnel.mpls(labels, word)),
  id.map((label) => tunnel.mplsInIp(label)),
  id.map((session) => tunnel.pppoe(session)),
  fc.tuple(id, fc.integer({ min: 0, max: 2 })).map(([teid, extensions]) => tunnel.gtpu(teid, extensions)),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.constantFrom(0, 4, 8, 12), fc.boolean())
    .map(([session, skipped, inUdp]) => tunnel.l2tpv3(session, skipped, inUdp)),
  fc.constant(tunnel.snap()),
);

const host = fc.integer({ min: 1, max: 4 });
const innermost: fc.Arbitrary<Content> = fc
  .tuple(version, host, host, fc.constantFrom(6 as const, 17 as const))
  .map(([v, from, to, protocol]) => conversationPacket(v, from, to, protocol));

/** A frame with up to ten tunnels in each other: two more than are opened. */
export const nestedFrame: fc.Arbitrary<Uint8Array> = fc
  .tuple(innermost, fc.array(anyWrap, { maxLength: 10 }), fc.constantFrom([], [0x8100], [0x88a8, 0x8100]))
  .map(([inner, wraps, tags]) =>
    asFrame(
      wraps.reduce<Content>((content, wrap) => wrap(content), inner),
      tags,
    ),
  );
