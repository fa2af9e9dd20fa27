/** Gives numbers from 0 up to a bound, which is left out. */
export type Random = (bound: number) => number;

/** Numbers that a seed repeats (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)];

const protocols = [
  'tcp',
  'udp',
  'icmp',
  'icmp6',
  'ip',
  'ip6',
  'arp',
  'rarp',
  'sctp',
  'igmp',
  'ah',
  'pim',
  'stp',
  'ipx',
];
const addresses = ['192.168.1.1', '10.0.0.1', '192.168.1.2', '10.1.2.3', '0.0.0.0', '255.255.255.255', '224.0.0.1'];
const addresses6 = ['::1', 'fe80::1', 'ff02::1', '2001:db8::1'];
const networks = [
  '10',
  '192.168',
  '10.0.0.0/8',
  '192.168.0.0/16',
  '0.0.0.0/0',
  '10.0.0.0/30',
  '172.16.0.0 mask 255.240.0.0',
];
const networks6 = ['fe80::/10', '::/0', 'ff02::/16', '2001:db8::/32'];
const macs = ['ff:ff:ff:ff:ff:ff', '00:11:22:33:44:55', '01:02:03:04:05:06'];
const ports = ['80', '443', '53', 'http', 'domain', '22', '137', '67', '40000'];
const directions = ['', '', 'src ', 'dst ', 'src or dst ', 'src and dst ', 'dst or src '];
const words = [
  'broadcast',
  'multicast',
  'ip broadcast',
  'ip multicast',
  'ip6 multicast',
  'ether multicast',
  'inbound',
  'outbound',
];
const tags = ['vlan', 'vlan 100', 'vlan 5', 'mpls', 'mpls 16', 'pppoes', 'pppoes 1', 'pppoed'];
const loads = ['tcp', 'udp', 'icmp', 'ip', 'ip', 'ip6', 'arp', 'ether', 'link', 'icmp6', 'sctp'];
const relations = ['=', '==', '!=', '>', '>=', '<', '<='];
const operators = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];

/** A filter of the grammar, as deep as asked. Most are right; some ask what a link type has not. */
export function randomFilter(random: Random, depth = 3): string {
  const choice = random(depth > 0 ? 12 : 6);
  const deeper = (): string => randomFilter(random, depth - 1);
  if (choice >= 10) return `not ${bracketed(random, deeper())}`;
  if (choice >= 6) {
    const items = Array.from({ length: 2 + random(3) }, () => bracketed(random, deeper()));
    return items.reduce((left, right) => `${left} ${pick(random, ['and', 'or', '&&', '||'])} ${right}`);
  }
  return primitive(random);
}

const bracketed = (random: Random, text: string): string => (random(2) === 0 ? `(${text})` : text);

function primitive(random: Random): string {
  const direction = pick(random, directions);
  switch (random(12)) {
    case 0:
      return pick(random, protocols);
    case 1:
      return `${direction}host ${pick(random, random(3) === 0 ? addresses6 : addresses)}`;
    case 2:
      return `${direction}net ${pick(random, random(3) === 0 ? networks6 : networks)}`;
    case 3:
      return `${pick(random, ['', 'tcp ', 'udp '])}${direction}port ${pick(random, ports)}${random(2) ? ` or ${random(1024)}` : ''}`;
    case 4:
      return `${direction}portrange ${random(1024)}-${random(65_536)}`;
    case 5:
      return `ether ${pick(random, ['host', 'src', 'dst'])} ${pick(random, macs)}`;
    case 6:
      return `${pick(random, ['ip', 'ip6', 'ether'])} proto ${pick(random, [6, 17, 1, 58, 44, 0x800, 0x86dd, 0x42, 300])}`;
    case 7:
      return pick(random, words);
    case 8:
      return pick(random, tags);
    case 9:
      return `${pick(random, ['less', 'greater'])} ${random(100)}`;
    default:
      return `${term(random, 2)} ${pick(random, relations)} ${term(random, 1)}`;
  }
}

function term(random: Random, depth: number): string {
  switch (random(depth > 0 ? 6 : 3)) {
    case 0:
      return String(pick(random, [0, 1, 2, 5, 6, 13, 17, 64, 80, 255, 0x800, 65_535, 0xffff_ffff]));
    case 1:
      return 'len';
    case 2:
    case 3: {
      const index = depth > 0 && random(3) === 0 ? term(random, depth - 1) : String(random(24));
      return `${pick(random, loads)}[${index}${pick(random, ['', '', ':2', ':4'])}]`;
    }
    case 4:
      return `(${term(random, depth - 1)} ${pick(random, operators)} ${term(random, depth - 1)})`;
    default:
      return `${term(random, depth - 1)} ${pick(random, operators)} ${String(1 + random(31))}`;
  }
}
