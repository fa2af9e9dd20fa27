import { networkText } from './addresses.js';
import { serviceOf } from './names.js';
import type { Direction, Node, Term } from './tree.js';
import { meaningOf } from './values.js';

/** An expression in words: a line for each condition, indented below what joins them. */
export function explain(tree: Node, expression: string): string {
  return lines(tree, expression, '').join('\n');
}

function lines(node: Node, expression: string, indent: string): string[] {
  const inner = `${indent}  `;
  switch (node.kind) {
    case 'and':
      return [`${indent}all of`, ...node.items.flatMap((item) => lines(item, expression, inner))];
    case 'or':
      return [`${indent}any of`, ...node.items.flatMap((item) => lines(item, expression, inner))];
    case 'not':
      return node.item.kind === 'and' || node.item.kind === 'or' || node.item.kind === 'not'
        ? [`${indent}not`, ...lines(node.item, expression, inner)]
        : [`${indent}not: ${words(node.item, expression)}`];
    default:
      return [`${indent}${words(node, expression)}`];
  }
}

const protocolWords: Readonly<Record<string, string>> = {
  link: 'the link layer',
  ip: 'IPv4',
  ip6: 'IPv6',
  icmp6: 'ICMPv6 over IPv6',
  icmp: 'ICMP over IPv4',
  igmp: 'IGMP over IPv4',
  tcp: 'TCP over IPv4 or IPv6',
  udp: 'UDP over IPv4 or IPv6',
  sctp: 'SCTP over IPv4 or IPv6',
};

const protocolText = (protocol: string): string => protocolWords[protocol] ?? protocol.toUpperCase();

function words(node: Node, expression: string): string {
  switch (node.kind) {
    case 'all':
      return 'every packet';
    case 'value':
      return valueWords(node, expression);
    case 'protocol':
      return protocolText(node.protocol);
    case 'relation':
      return `${termText(node.left)} ${node.relation} ${termText(node.right)}`;
    case 'broadcast':
      return node.protocol === 'ip'
        ? 'to the IPv4 address 0.0.0.0 or 255.255.255.255'
        : 'to the Ethernet broadcast address';
    case 'multicast':
      if (node.protocol === 'ip') return 'to an IPv4 address from 224.0.0.0 on, which includes 255.255.255.255';
      return node.protocol === 'ip6'
        ? 'to an IPv6 multicast address'
        : 'to an Ethernet group address, broadcast included';
    case 'less':
      return `at most ${node.number} bytes on the wire`;
    case 'greater':
      return `at least ${node.number} bytes on the wire`;
    case 'inbound':
      return 'not sent by the capturing machine';
    case 'outbound':
      return 'sent by the capturing machine';
    case 'ifindex':
      return `of interface number ${node.number}`;
    case 'vlan':
      return `a VLAN tag${node.number === null ? '' : ` of VLAN ${node.number}`}; all that follows is looked for behind it`;
    case 'mpls':
      return `an MPLS label${node.number === null ? '' : ` ${node.number}`}; all that follows is looked for behind it`;
    case 'pppoes':
      return `a PPPoE session${node.number === null ? '' : ` ${node.number}`}; all that follows is looked for in it`;
    case 'pppoed':
      return 'PPPoE discovery';
    default:
      return node.kind;
  }
}

const directions: Readonly<Record<Direction, string>> = {
  src: 'the source',
  dst: 'the destination',
  or: 'the source or the destination',
  and: 'the source and the destination',
};

function valueWords(node: Node & { kind: 'value' }, expression: string): string {
  const { qualifiers, value } = node;
  const { protocol } = qualifiers;
  const where = directions[qualifiers.direction ?? 'or'];
  const asked = meaningOf(qualifiers, value, node, expression);
  switch (asked.asks) {
    case 'proto':
      return `protocol ${value.text} in ${protocol === null ? 'IPv4 or IPv6' : protocolText(protocol)}`;
    case 'mac':
      return `${where} is the Ethernet address ${asked.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
    case 'network6':
      return `IPv6, and ${where} is ${value.kind === 'ipv6' && value.bits !== null && value.bits < 128 ? `in ${value.text}/${value.bits}` : value.text}`;
    case 'network4': {
      const isHost = asked.network.mask === 0xffff_ffff;
      const of = protocol === null ? 'IPv4, ARP or RARP' : protocolText(protocol);
      return `${of}, and ${where} is ${isHost ? '' : 'in '}${networkText(asked.network)}`;
    }
    case 'ports': {
      const { from, to } = asked.range;
      const name = value.kind === 'name' && serviceOf(value.text) !== undefined ? ` (${value.text})` : '';
      const ports = from === to ? `port ${from}${name}` : `a port from ${from} to ${to}`;
      return `${asked.protocol === null ? 'TCP, UDP or SCTP' : asked.protocol.toUpperCase()}, and ${where} is ${ports}`;
    }
  }
}

function termText(term: Term): string {
  switch (term.kind) {
    case 'number':
      return term.text;
    case 'len':
      return 'the length on the wire';
    case 'negative':
      return `-(${termText(term.of)})`;
    case 'binary':
      return `(${termText(term.left)} ${term.operator} ${termText(term.right)})`;
    case 'load': {
      const unit = term.size === 1 ? 'byte' : `${term.size} bytes from byte`;
      return `${unit} ${termText(term.index)} of ${term.protocol === 'link' ? 'the link header' : `the ${protocolText(term.protocol).split(' over ')[0]} header`}`;
    }
  }
}
