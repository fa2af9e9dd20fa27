import { linkTypeOf } from '../../src/filter/link-types.js';

export interface TestPacket {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
}

const hex = (text: string): number[] => [...Buffer.from(text.replace(/\s/g, ''), 'hex')];

const tcp = (source: number, target: number, flags = 0x18): number[] => [
  ...[source >> 8, source & 255, target >> 8, target & 255],
  ...hex('00000001 90000002'),
  ...[0x50, flags],
  ...hex('ffff 0000 0000 47455420 2f20'),
];
const udp = (source: number, target: number): number[] => [
  ...[source >> 8, source & 255, target >> 8, target & 255],
  ...hex('0028 0000 8000 ffff 00 01 02 03'),
];

function ipv4(protocol: number, source: string, target: string, rest: number[], words = 5, fragment = 0): number[] {
  const address = (text: string): number[] => text.split('.').map(Number);
  const length = words * 4 + rest.length;
  return [
    ...[0x40 | words, 0, length >> 8, length & 255, 0, 1, fragment >> 8, fragment & 255, 64, protocol, 0, 0],
    ...address(source),
    ...address(target),
    ...new Array<number>((words - 5) * 4).fill(1),
    ...rest,
  ];
}

function ipv6(next: number, source: string, target: string, rest: number[]): number[] {
  return [0x60, 0, 0, 0, rest.length >> 8, rest.length & 255, next, 255, ...hex(source), ...hex(target), ...rest];
}

const loopback6 = `${'00'.repeat(15)}01`;
const local6 = `fe80${'00'.repeat(13)}01`;
const group6 = `ff02${'00'.repeat(13)}01`;
const other6 = `20010db8${'00'.repeat(11)}01`;

/** Network packets with the EtherType of each. */
const networks: readonly (readonly [number, number[]])[] = [
  [0x0800, ipv4(6, '192.168.1.1', '10.0.0.1', tcp(80, 40_000, 0x12))],
  [0x0800, ipv4(6, '10.0.0.1', '192.168.1.2', tcp(40_000, 443, 2))],
  [0x0800, ipv4(6, '192.168.1.1', '192.168.1.2', tcp(1000, 22), 8)],
  [0x0800, ipv4(6, '10.1.2.3', '10.1.2.4', tcp(80, 80), 5, 0x2001)],
  [0x0800, ipv4(17, '192.168.1.1', '192.168.1.1', udp(53, 53))],
  [0x0800, ipv4(17, '0.0.0.0', '255.255.255.255', udp(68, 67))],
  [0x0800, ipv4(17, '172.16.0.1', '224.0.0.1', udp(137, 137), 6)],
  [0x0800, ipv4(1, '192.168.0.1', '10.0.0.1', hex('0800 0000 0001 0001'))],
  [0x0800, ipv4(1, '10.0.0.2', '10.0.0.3', hex('0303 0000 0001 0001'))],
  [0x0800, ipv4(132, '10.0.0.10', '10.0.0.1', hex('0b59 0b59 00000000 00000000'))],
  [0x0800, ipv4(2, '10.0.0.10', '224.0.0.22', hex('11000000'))],
  [0x0800, ipv4(47, '10.0.0.10', '224.0.0.22', hex('00000800'))],
  [0x0800, ipv4(112, '10.0.0.10', '224.0.0.18', hex('21000000'))],
  [0x0800, ipv4(103, '10.0.0.10', '224.0.0.13', hex('20000000'))],
  [0x0800, hex('0000')],
  [0x86dd, ipv6(6, loopback6, local6, tcp(80, 443))],
  [0x86dd, ipv6(17, local6, group6, udp(5353, 5353))],
  [0x86dd, ipv6(17, other6, group6, udp(53, 1024))],
  [0x86dd, ipv6(58, local6, group6, hex('87000000 00000000'))],
  [0x86dd, ipv6(58, local6, other6, hex('80000000 00000000'))],
  [0x86dd, ipv6(44, local6, other6, [6, 0, 0, 0, 0, 0, 0, 1, ...tcp(80, 443)])],
  [0x86dd, ipv6(0, local6, other6, [6, 0, 0, 0, 0, 0, 0, 0, ...tcp(80, 443)])],
  [0x0806, hex('0001 0800 0604 0001 001122334455 c0a80101 000000000000 c0a80102')],
  [0x0806, hex('0001 0800 0604 0002 001122334455 0a000001 ffffffffffff 0a000001')],
  [0x8035, hex('0001 0800 0604 0003 001122334455 c0a80101 000000000000 c0a80102')],
  [0x88cc, hex('0207')],
  [0x6003, hex('0207')],
];

const tagged = (type: number, payload: number[]): (readonly [number, number[]])[] => {
  const typeBytes = [type >> 8, type & 255];
  const label = (value: number, last: number): number[] => [
    value >> 12,
    (value >> 4) & 255,
    ((value & 15) << 4) | last,
    64,
  ];
  const ppp = type === 0x0800 ? [0, 0x21] : type === 0x86dd ? [0, 0x57] : [2, 0x81];
  return [
    [0x8100, [0, 100, ...typeBytes, ...payload]],
    [0x88a8, [0x20, 5, 0x81, 0, 0, 10, ...typeBytes, ...payload]],
    [0x9100, [0x2f, 255, ...typeBytes, ...payload]],
    [0x8847, [...label(16, 1), ...payload]],
    [0x8847, [...label(17, 0), ...label(16, 1), ...payload]],
    [0x8864, [0x11, 0, 0, 1, 0, 40, ...ppp, ...payload]],
    [0x8863, [0x11, 9, 0, 1, 0, 0]],
  ];
};

const llc = [
  '4242030000',
  'e0e003000000',
  'ffff0022',
  'f0f003',
  'fefe0383',
  'fefe0381',
  'fefe0382',
  'aaaa030000008137',
  'aaaa03080007809b',
  'aaaa0300000080f3',
];

function framed(link: number, type: number, payload: number[]): number[] {
  const { kind, typeAt, payloadAt } = linkTypeOf(link);
  const head = new Array<number>(payloadAt).fill(0);
  const pppType = type === 0x0800 ? 0x21 : type === 0x86dd ? 0x57 : type === 0x8847 ? 0x0281 : type;
  const family = type === 0x0800 ? 2 : type === 0x86dd ? [24, 28, 30, 10][payload.length % 4] : 7;
  if (kind === 'ethernet' || kind === 'typed' || kind === 'sll')
    [head[typeAt], head[typeAt + 1]] = [type >> 8, type & 255];
  if (kind === 'ppp') [head[typeAt], head[typeAt + 1]] = [pppType >> 8, pppType & 255];
  if (kind === 'family') head[typeAt + (payload.length % 3 === 0 ? 3 : 0)] = family;
  if (kind === 'family-network') head[typeAt + 3] = family;
  if (link === 1)
    head.splice(0, 12, ...hex(payload.length % 2 === 0 ? 'ffffffffffff001122334455' : '333300000001010203040506'));
  if (link === 113) head[1] = payload.length % 2 === 0 ? 4 : 0;
  if (link === 276) head[10] = payload.length % 2 === 0 ? 4 : 0;
  if (link === 276) head[7] = payload.length % 3;
  if (link === 166) head[0] = payload.length % 2;
  return [...head, ...payload];
}

/** Packets of a link type: each protocol that filters know, whole, and cut at each length or at some. */
export function packetsFor(link: number): TestPacket[] {
  const plain = [
    ...networks.map(([type, payload]) => framed(link, type, payload)),
    ...llc.map((text) => framed(link, linkTypeOf(link).kind === 'sll' ? 4 : hex(text).length, hex(text))),
  ];
  const behindTags = networks
    .slice(0, 20)
    .flatMap(([type, payload]) => tagged(type, payload).map((row) => framed(link, ...row)));
  return [...plain.flatMap((bytes) => cuts(bytes, 1)), ...behindTags.flatMap((bytes, i) => cuts(bytes, 7, i % 7))];
}

function cuts(bytes: readonly number[], step: number, first = 0): TestPacket[] {
  const packets = [];
  for (let length = first; length < bytes.length; length += step) packets.push(length);
  return [...packets, bytes.length].map((length) => ({
    bytes: Uint8Array.from(bytes.slice(0, length)),
    wireLength: bytes.length,
  }));
}
