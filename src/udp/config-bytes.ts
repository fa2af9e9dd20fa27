import { InvalidArgumentError } from 'commander';
import { isIPv4 } from 'node:net';

/**
 * The bytes of the programs' config maps: struct parity_config (bpf/udp_parity.h) and struct lb_config
 * (bpf/udp_lb.h). Whole numbers lie in the machine's order, which is little-endian on every machine that this
 * runs on; addresses as on the wire.
 */

export interface ParityConfig {
  readonly port: number;
  readonly trace: boolean;
  /** Inode of the network namespace; only labels trace lines. */
  readonly netns: number;
}

export interface LbConfig extends ParityConfig {
  readonly silentMs: number;
  readonly graceMs: number;
  readonly reapMs: number;
  readonly triesMax: number;
  /** IPv4 addresses that the balancer answers for; none means any. The first four count. */
  readonly addresses: readonly string[];
  /** Prefix of the servers that may register, such as 10.0.0.0/8. */
  readonly servers: Prefix;
}

export interface Prefix {
  readonly address: string;
  readonly bits: number;
}

/** Addresses that struct lb_config has room for. An interface with more is answered for at any address. */
export const lbAddressesMax = 4;

export function parityConfigBytes({ port, trace, netns }: ParityConfig): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(port, 0);
  bytes.writeUInt16LE(trace ? 1 : 0, 2);
  bytes.writeUInt32LE(netns >>> 0, 4);
  return bytes;
}

export function lbConfigBytes(config: LbConfig): Buffer {
  const bytes = Buffer.alloc(64);
  parityConfigBytes(config).copy(bytes);
  bytes.writeBigUInt64LE(BigInt(config.silentMs) * 1_000_000n, 8);
  bytes.writeBigUInt64LE(BigInt(config.graceMs) * 1_000_000n, 16);
  bytes.writeBigUInt64LE(BigInt(config.reapMs) * 1_000_000n, 24);
  bytes.writeUInt32LE(config.triesMax, 32);
  const any = config.addresses.length === 0 || config.addresses.length > lbAddressesMax;
  bytes.writeUInt32LE(any ? 1 : 0, 36);
  for (let i = 0; i < lbAddressesMax && !any; i++) {
    ipv4Bytes(config.addresses[i] ?? config.addresses[0]).copy(bytes, 40 + 4 * i);
  }
  const mask = config.servers.bits === 0 ? 0 : (0xffffffff << (32 - config.servers.bits)) >>> 0;
  const net = (ipv4Bytes(config.servers.address).readUInt32BE() & mask) >>> 0;
  bytes.writeUInt32BE(net, 56);
  bytes.writeUInt32BE(mask, 60);
  return bytes;
}

/** The four bytes of a dotted address, as on the wire. */
export function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

/** A dotted address from the number that bpftool prints for a __be32 (read in the machine's order). */
export function ipv4FromLe(number: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number >>> 0);
  return [...bytes].join('.');
}

/** A port from the number that bpftool prints for a __be16. */
export function portFromLe(number: number): number {
  return ((number & 0xff) << 8) | (number >> 8);
}

/** Parser of `10.0.0.0/8`; a bare address is itself alone. */
export function ipv4Prefix(value: string): Prefix {
  const [address, length = '32', more] = value.split('/');
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : NaN;
  if (!isIPv4(address) || !(bits <= 32) || more !== undefined)
    throw new InvalidArgumentError(`'${value}' is not an IPv4 prefix such as 10.0.0.0/8`);
  return { address, bits };
}
