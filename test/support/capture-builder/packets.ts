import { join, net, u8, zeros } from './bytes.js';

export const protocols = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58 } as const;

export interface Ports {
  readonly source: number;
  readonly target: number;
}

/** A TCP header without options, and its payload. No checksums: nothing here reads them. */
export function tcp({ source, target }: Ports, payload: Uint8Array = zeros(0)): Uint8Array {
  return join(
    net.u16(source),
    net.u16(target),
    net.u32(1),
    net.u32(1),
    u8(0x50, 0x18),
    net.u16(1000),
    zeros(4),
    payload,
  );
}

export function udp({ source, target }: Ports, payload: Uint8Array = zeros(0)): Uint8Array {
  return join(net.u16(source), net.u16(target), net.u16(8 + payload.length), zeros(2), payload);
}

export interface Ipv4 {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** IP options; a multiple of 4 bytes, at most 40. */
  readonly options?: Uint8Array;
  /** Units of 8 bytes. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Header length in words as written, where it should lie. */
  readonly headerWords?: number;
  /** Version nibble as written, where it should lie. */
  readonly version?: number;
}

export function ipv4(packet: Ipv4): Uint8Array {
  const options = packet.options ?? zeros(0);
  const words = packet.headerWords ?? 5 + options.length / 4;
  return join(
    u8(((packet.version ?? 4) << 4) | words, 0),
    net.u16(20 + options.length + packet.payload.length),
    net.u16(1),
    net.u16((packet.moreFragments ? 0x2000 : 0) | (packet.fragmentOffset ?? 0)),
    u8(64, packet.protocol, 0, 0),
    packet.source,
    packet.target,
    options,
    packet.payload,
  );
}

/** An IPv6 extension header; `words` are its 8-byte units beyond the first. */
export type Extension =
  | { readonly kind: 'hop-by-hop' | 'routing' | 'destination'; readonly words: number }
  | { readonly kind: 'fragment'; readonly fragmentOffset: number };

const extensionNumbers = { 'hop-by-hop': 0, routing: 43, fragment: 44, destination: 60 } as const;

export interface Ipv6 {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly extensions?: readonly Extension[];
  readonly version?: number;
}

export function ipv6(packet: Ipv6): Uint8Array {
  const extensions = packet.extensions ?? [];
  const numbers = [...extensions.map(({ kind }) => extensionNumbers[kind]), packet.protocol];
  const chain = extensions.map((extension, i) => {
    const next = numbers[i + 1];
    if (extension.kind === 'fragment') return join(u8(next, 0), net.u16(extension.fragmentOffset << 3), net.u32(7));
    return join(u8(next, extension.words), zeros(6 + 8 * extension.words));
  });
  const body = join(...chain, packet.payload);
  const version = (packet.version ?? 6) << 4;
  return join(u8(version, 0, 0, 0), net.u16(body.length), u8(numbers[0], 64), packet.source, packet.target, body);
}

/** 10.0.a.b, so that a number below 65,536 names an address. */
export const address4 = (number: number): Uint8Array => u8(10, 0, (number >> 8) & 255, number & 255);
/** 2001:db8::number. */
export const address6 = (number: number): Uint8Array => join(u8(0x20, 0x01, 0x0d, 0xb8), zeros(10), net.u16(number));
