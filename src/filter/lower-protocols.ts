import { and, is, load, or, type Cond } from './code.js';
import type { Span } from './filter-error.js';
import { etherTypes, type Layers } from './layers.js';
import { etherProtocols, protocolOf } from './names.js';
import type { Value } from './tree.js';

const overBoth: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132, pim: 103, ah: 51, esp: 50 };
const overIpv4: Readonly<Record<string, number>> = { icmp: 1, igmp: 2, igrp: 9, vrrp: 112, carp: 112 };
/** Network protocols of OSI, by the first byte of their header. */
const overIso: Readonly<Record<string, number>> = { clnp: 0x81, esis: 0x82, isis: 0x83 };

/** A protocol by its name alone. */
export function isProtocol(layers: Layers, protocol: string, at: Span): Cond {
  if (Object.hasOwn(overBoth, protocol))
    return or(overIp(layers, overBoth[protocol], at), overIp6(layers, overBoth[protocol], at));
  if (Object.hasOwn(overIpv4, protocol)) return overIp(layers, overIpv4[protocol], at);
  if (protocol === 'icmp6') return overIp6(layers, 58, at);
  if (Object.hasOwn(overIso, protocol)) {
    if (!layers.isEthernet)
      return layers.fail(at, `'${protocol}' is read on Ethernet only, not on ${layers.link.name}`);
    return and(layers.has(etherProtocols.iso, at), is(load(1, layers.net(3)), overIso[protocol]));
  }
  return layers.has(etherProtocols[protocol], at);
}

export function overIp(layers: Layers, number: number, at: Span): Cond {
  return and(layers.has(etherTypes.ip, at), is(load(1, layers.net(9)), number));
}

/** The next header, or the one behind a fragment header that comes first. */
export function overIp6(layers: Layers, number: number, at: Span): Cond {
  const next = load(1, layers.net(6));
  return and(
    layers.has(etherTypes.ip6, at),
    or(is(next, number), and(is(next, 44), is(load(1, layers.net(40)), number))),
  );
}

/** `proto N`, within what stands before it. */
export function lowerProto(layers: Layers, within: string | null, value: Value, at: Span): Cond {
  const number = numberOf(layers, within, value, at);
  switch (within) {
    case null:
      return or(overIp(layers, number, at), overIp6(layers, number, at));
    case 'ip':
      return overIp(layers, number, at);
    case 'ip6':
      return overIp6(layers, number, at);
    case 'link':
      return layers.has(number, at);
    default:
      return layers.fail(at, `'${within} proto' has no meaning: proto is of ip, ip6 or ether`);
  }
}

function numberOf(layers: Layers, within: string | null, value: Value, at: Span): number {
  if (value.kind === 'number') return value.value;
  if (value.kind !== 'name') return layers.fail(at, "'proto' needs a number or a name");
  if (within === 'link') {
    if (Object.hasOwn(etherProtocols, value.text)) return etherProtocols[value.text];
    return layers.fail(at, `no EtherType is named '${value.text}': write its number, such as 0x88cc`);
  }
  const number = protocolOf(value.text);
  const hint = value.text === 'icmp6' ? "write 'icmp6' alone, or ip6 proto \\ipv6-icmp" : 'write its number';
  return number ?? layers.fail(at, `no IP protocol is named '${value.text}': ${hint}`);
}
