import { all, and, is, load, or, test, within, type Cond, type Load, type Range } from './code.js';
import type { Span } from './filter-error.js';
import { etherTypes, type Layers } from './layers.js';
import { lowerProto } from './lower-protocols.js';
import { isFirstFragment } from './lower-terms.js';
import type { PortProtocol } from './names.js';
import type { Direction, Node } from './tree.js';
import type { Asked } from './values.js';

/** Asks for what one value means. */
export function lowerValue(layers: Layers, node: Node & { kind: 'value' }, asked: Asked): Cond {
  const { qualifiers } = node;
  const direction = qualifiers.direction ?? 'or';
  switch (asked.asks) {
    case 'proto':
      return lowerProto(layers, qualifiers.protocol, node.value, node);
    case 'mac':
      return lowerMac(layers, direction, asked.bytes, node);
    case 'network6':
      return lowerNetwork6(layers, direction, asked, node);
    case 'network4': {
      const { address, mask } = asked.network;
      return lowerNetwork4(layers, qualifiers.protocol, node, (src, dst) =>
        ends(direction, is(src, address, mask), is(dst, address, mask)),
      );
    }
    case 'ports': {
      const { range, isRange } = asked;
      return lowerPorts(layers, asked.protocol, node, (src, dst) =>
        isRange
          ? ends(direction, between(src, range), between(dst, range))
          : ends(direction, is(src, range.from), is(dst, range.from)),
      );
    }
  }
}

/** Values that `or` joins and that ask for the same, at src, dst or both: one search in place of many comparisons. */
export function lowerSet(layers: Layers, node: Node & { kind: 'value' }, asked: readonly Asked[]): Cond {
  const direction = node.qualifiers.direction ?? 'or';
  const ranges = asked.map(rangeOf);
  const atEnds = (src: Load, dst: Load): Cond => inSet(direction, src, dst, ranges);
  const [first] = asked;
  return first.asks === 'ports'
    ? lowerPorts(layers, first.protocol, node, atEnds)
    : lowerNetwork4(layers, node.qualifiers.protocol, node, atEnds);
}

function rangeOf(asked: Asked): Range {
  if (asked.asks === 'ports') return asked.range;
  const { address, mask } = (asked as Asked & { asks: 'network4' }).network;
  return { from: address, to: address + (all - mask) };
}

/**
 * One comparison after the other would read src, compare it with the first value, and only then read dst,
 * which a cut packet may not have: so a packet of the first value at src matches without its dst, and one of
 * the others does not.
 */
function inSet(direction: Direction, src: Load, dst: Load, ranges: readonly Range[]): Cond {
  if (direction === 'src') return within(src, ranges);
  if (direction === 'dst') return within(dst, ranges);
  return or(within(src, ranges.slice(0, 1)), within(dst, ranges), within(src, ranges));
}

function ends(direction: Direction, src: Cond, dst: Cond): Cond {
  if (direction === 'src') return src;
  if (direction === 'dst') return dst;
  return direction === 'and' ? and(src, dst) : or(src, dst);
}

const between = (of: Load, { from, to }: Range): Cond =>
  and(test('ge', of, from), { c: 'not', of: test('gt', of, to) });

/** At the addresses of IPv4, ARP and RARP, or of one of them. */
function lowerNetwork4(
  layers: Layers,
  protocol: string | null,
  at: Span,
  atEnds: (src: Load, dst: Load) => Cond,
): Cond {
  const ip = (): Cond => and(layers.has(etherTypes.ip, at), atEnds(load(4, layers.net(12)), load(4, layers.net(16))));
  const arp = (type: number): Cond =>
    and(layers.has(type, at), atEnds(load(4, layers.net(14)), load(4, layers.net(24))));
  if (protocol === 'ip') return ip();
  if (protocol === 'arp') return arp(etherTypes.arp);
  if (protocol === 'rarp') return arp(etherTypes.rarp);
  // No ARP is behind an MPLS label.
  return layers.hasLabels ? ip() : or(ip(), arp(etherTypes.arp), arp(etherTypes.rarp));
}

function lowerNetwork6(layers: Layers, direction: Direction, asked: Asked & { asks: 'network6' }, at: Span): Cond {
  const words = (offset: number): Cond =>
    and(...asked.address.map((word, i) => is(load(4, layers.net(offset + 4 * i)), word, asked.mask[i])));
  return and(layers.has(etherTypes.ip6, at), ends(direction, words(8), words(24)));
}

function lowerMac(layers: Layers, direction: Direction, bytes: readonly number[], at: Span): Cond {
  if (!layers.isEthernet) layers.fail(at, `${layers.link.name} has no Ethernet addresses here`);
  return ends(direction, macAt(layers, 6, bytes), macAt(layers, 0, bytes));
}

/** The last four bytes are compared first, as in libpcap: they differ more often. */
export function macAt(layers: Layers, offset: number, [a, b, c, d, e, f]: readonly number[]): Cond {
  return and(
    is(load(4, layers.linkHeader(offset + 2)), (c * 2 ** 24 + (d << 16) + (e << 8) + f) >>> 0),
    is(load(2, layers.linkHeader(offset)), (a << 8) | b),
  );
}

const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const;

/** At the ports behind an IPv6 header without extensions, and behind an IPv4 header of a first fragment. */
function lowerPorts(
  layers: Layers,
  protocol: PortProtocol | null,
  at: Span,
  atEnds: (src: Load, dst: Load) => Cond,
): Cond {
  const protocols = protocol === null ? (['sctp', 'tcp', 'udp'] as const) : [protocol];
  const behind6 = atEnds(load(2, layers.net(40)), load(2, layers.net(42)));
  const header = { v: 'header', offset: layers.net(0) } as const;
  const behind4 = and(isFirstFragment(layers), atEnds(load(2, layers.net(0), header), load(2, layers.net(2), header)));
  const each = (offset: number, ports: Cond): Cond =>
    or(...protocols.map((name) => and(is(load(1, layers.net(offset)), protocolNumbers[name]), ports)));
  return or(
    and(layers.has(etherTypes.ip6, at), each(6, behind6)),
    and(layers.has(etherTypes.ip, at), each(9, behind4)),
  );
}
