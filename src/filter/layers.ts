import { and, constant, is, load, not, or, test, type Cond, type Load } from './code.js';
import { FilterError, type Span } from './filter-error.js';
import type { LinkKind, LinkType } from './link-types.js';

export const etherTypes = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ip6: 0x86dd,
  mpls: 0x8847,
  pppoed: 0x8863,
  pppoes: 0x8864,
} as const;

/** SAPs, which stand for protocols where an EtherType would be below 1501. */
const iso = 0xfe;
const ipx = 0xe0;
const netbeui = 0xf0;
const ipSap = 0x06;
/** SAPs that libpcap looks for at both ends, destination and source. */
const atBothEnds: readonly number[] = [iso, netbeui, ipSap];
const etherTypeMin = 1500;

const pppTypes: Readonly<Record<number, number>> = {
  [etherTypes.ip]: 0x21,
  [etherTypes.ip6]: 0x57,
  0x6003: 0x27,
  0x809b: 0x29,
  0x0600: 0x25,
  [iso]: 0x23,
  0x42: 0x31,
  [ipx]: 0x2b,
};

/**
 * Where the headers stand while an expression is read from left to right: `vlan`, `mpls` and `pppoes` move
 * all that stands behind them in the text, across `or`, `not` and brackets, as in libpcap.
 */
export class Layers {
  private kind: LinkKind;
  private typeAt: number;
  private linkAt = 0;
  private payloadAt: number;
  /** Bytes of MPLS labels in front of the network header. */
  private labels = 0;

  constructor(
    readonly link: LinkType,
    /** The capture was written on a big-endian machine. */
    private readonly bigEndian: boolean,
    private readonly expression: string,
  ) {
    this.kind = link.kind;
    this.typeAt = link.typeAt;
    this.payloadAt = link.payloadAt;
  }

  get isEthernet(): boolean {
    return this.kind === 'ethernet';
  }

  get isInPppoe(): boolean {
    return this.linkAt > 0;
  }

  get hasLabels(): boolean {
    return this.labels > 0;
  }

  fail(at: Span, reason: string): never {
    throw new FilterError(at, reason, this.expression);
  }

  /** Offset in the network header. */
  net(offset: number): number {
    return this.payloadAt + this.labels + offset;
  }

  /** Offset in the link header. */
  linkHeader(offset: number): number {
    return this.linkAt + offset;
  }

  /** Whether the network header is that of a protocol, by its EtherType or SAP. */
  has(protocol: number, at: Span): Cond {
    if (this.labels > 0) return this.belowLabels(protocol, at);
    const type = load(2, this.typeAt);
    switch (this.kind) {
      case 'ethernet':
        return this.ethernetHas(protocol, type);
      case 'typed':
        return is(type, protocol === iso && this.link.number === 104 ? (iso << 8) | iso : protocol);
      case 'sll':
        return this.cookedHas(protocol, type);
      case 'ppp':
        return is(type, pppTypes[protocol] ?? protocol);
      case 'family':
      case 'family-network':
        return this.familyIs(protocol);
      case 'version':
        return this.either(protocol, (version) => is(load(1, this.payloadAt), version << 4, 0xf0));
      case 'ipv4':
      case 'ipv6':
        return this.either(protocol, (version) => constant(this.kind === (version === 4 ? 'ipv4' : 'ipv6')));
      case 'opaque':
        return this.fail(at, `${this.link.name} is not looked into: only link[N] and the length can be asked of it`);
    }
  }

  private either(protocol: number, versionIs: (version: 4 | 6) => Cond): Cond {
    if (protocol === etherTypes.ip) return versionIs(4);
    return protocol === etherTypes.ip6 ? versionIs(6) : constant(false);
  }

  private ethernetHas(protocol: number, type: Load): Cond {
    const sap = load(2, this.payloadAt);
    const isLlc = not(test('gt', type, etherTypeMin));
    if (atBothEnds.includes(protocol)) return and(isLlc, is(sap, (protocol << 8) | protocol));
    if (protocol === ipx)
      return or(
        is(type, 0x8137),
        and(isLlc, or(this.snap(0, 0x8137), is(load(1, this.payloadAt), ipx), is(sap, 0xffff))),
      );
    if (protocol === 0x809b) return or(is(type, protocol), and(isLlc, this.snap(0x080007, protocol)));
    if (protocol === 0x80f3) return or(is(type, protocol), and(isLlc, this.snap(0, protocol)));
    if (protocol <= etherTypeMin) return and(isLlc, is(load(1, this.payloadAt), protocol));
    return is(type, protocol);
  }

  /** LLC and SNAP of an organisation and a protocol: AA AA 03, three bytes, two bytes. */
  private snap(organisation: number, protocol: number): Cond {
    return and(
      is(load(4, this.payloadAt + 4), ((organisation << 16) | protocol) >>> 0),
      is(load(4, this.payloadAt), (0xaaaa0300 | (organisation >> 16)) >>> 0),
    );
  }

  private cookedHas(protocol: number, type: Load): Cond {
    const isLlc = is(type, 4);
    if (atBothEnds.includes(protocol)) return and(isLlc, is(load(2, this.payloadAt), (protocol << 8) | protocol));
    if (protocol === ipx)
      return or(is(type, 0x8137), is(type, 1), and(isLlc, or(is(load(1, this.payloadAt), ipx), this.snap(0, 0x8137))));
    if (protocol === 0x809b) return or(is(type, protocol), and(isLlc, this.snap(0x080007, protocol)));
    if (protocol === 0x80f3) return or(is(type, protocol), and(isLlc, this.snap(0, protocol)));
    if (protocol <= etherTypeMin) return and(isLlc, is(load(1, this.payloadAt), protocol));
    return is(type, protocol);
  }

  /** 2 is IPv4 everywhere; IPv6 is 30 on macOS, 24 on NetBSD and OpenBSD, 28 on FreeBSD. */
  private familyIs(protocol: number): Cond {
    const inOrder = (family: number): number =>
      this.kind === 'family' && !this.bigEndian ? (family << 24) >>> 0 : family;
    const family = load(4, this.typeAt);
    if (protocol === etherTypes.ip) return is(family, inOrder(2));
    if (protocol !== etherTypes.ip6) return constant(false);
    return or(is(family, inOrder(30)), is(family, inOrder(24)), is(family, inOrder(28)));
  }

  /** Behind the last label nothing tells the protocol: it is taken from the version of the IP header. */
  private belowLabels(protocol: number, at: Span): Cond {
    const isLast = is(load(1, this.net(-2)), 1, 1);
    if (protocol === etherTypes.ip) return and(isLast, is(load(1, this.net(0)), 0x40, 0xf0));
    if (protocol === etherTypes.ip6) return and(isLast, is(load(1, this.net(0)), 0x60, 0xf0));
    return this.fail(at, 'behind MPLS labels only ip and ip6 can be told apart');
  }

  /** A VLAN tag; what follows in the expression is looked for behind it. */
  passVlan(number: number | null, at: Span): Cond {
    if (this.labels > 0) this.fail(at, "'vlan' behind 'mpls' is not read");
    if (this.kind !== 'ethernet') this.fail(at, `${this.link.name} has no VLAN tags that a filter could see`);
    const type = load(2, this.typeAt);
    const tagged = or(is(type, 0x8100), is(type, 0x88a8), is(type, 0x9100));
    const cond = number === null ? tagged : and(tagged, is(load(2, this.payloadAt), number, 0x0fff));
    this.typeAt += 4;
    this.payloadAt += 4;
    return cond;
  }

  passMpls(label: number | null, at: Span): Cond {
    const above = this.labels > 0 ? is(load(1, this.net(-2)), 0, 1) : this.firstLabel(at);
    const cond = label === null ? above : and(above, is(load(4, this.net(0)), label << 12, 0xffff_f000));
    this.labels += 4;
    return cond;
  }

  private firstLabel(at: Span): Cond {
    // Of PPP libpcap knows MPLS in one form alone.
    const inPpp = this.kind === 'ppp' && (this.link.number === 9 || this.linkAt > 0);
    if (inPpp) return is(load(2, this.typeAt), 0x0281);
    if (this.kind === 'ethernet' || this.link.number === 104) return this.has(etherTypes.mpls, at);
    return this.fail(at, `MPLS in ${this.link.name} is not read`);
  }

  passPppoe(session: number | null, at: Span): Cond {
    const tagged = this.has(etherTypes.pppoes, at);
    const cond = session === null ? tagged : and(tagged, is(load(4, this.net(0)), session, 0xffff));
    this.linkAt = this.net(6);
    this.kind = 'ppp';
    this.typeAt = this.linkAt;
    this.payloadAt = this.linkAt + 2;
    this.labels = 0;
    return cond;
  }
}
