// What tunnels are known by: types of layers, and what stands where. tunnels.ts goes through them.

import { big16 } from './big-endian';

/** Types of a layer: row numbers of its counts (../tunnel-types.ts names them). */
export const VXLAN: u32 = 0;
export const GENEVE: u32 = 1;
export const GRE: u32 = 2;
export const ERSPAN_1: u32 = 3;
export const ERSPAN_2: u32 = 4;
export const ERSPAN_3: u32 = 5;
export const IPV4_IN_IPV4: u32 = 6;
export const IPV6_IN_IPV4: u32 = 7;
export const IPV4_IN_IPV6: u32 = 8;
export const IPV6_IN_IPV6: u32 = 9;
export const MPLS: u32 = 10;
export const PPPOE: u32 = 11;
export const GTP_U: u32 = 12;
export const L2TP_3: u32 = 13;
export const SNAP: u32 = 14;

// What stands at a place: an EtherType, or one of these beyond them. 0: nothing that is looked into.
export const TYPE_IPV4: u32 = 0x0800;
export const TYPE_IPV6: u32 = 0x86dd;
export const TYPE_ETHERNET: u32 = 0x6558;
export const TYPE_MPLS: u32 = 0x8847;
export const TYPE_MPLS_MULTICAST: u32 = 0x8848;
export const TYPE_PPPOE: u32 = 0x8864;
export const AT_LLC: u32 = 0x10000;
export const AT_IP: u32 = 0x10001;
export const AT_PPP: u32 = 0x10002;
export const AT_VXLAN: u32 = 0x10003;
export const AT_GENEVE: u32 = 0x10004;
export const AT_GTP_U: u32 = 0x10005;
export const AT_GRE: u32 = 0x10006;
export const AT_L2TP_IN_IP: u32 = 0x10007;
export const AT_L2TP_IN_UDP: u32 = 0x10008;
/** And the type of the layer behind it. */
export const AT_IP_IN_IP: u32 = 0x10100;

const UDP: u32 = 17;
/** The least and the largest of the UDP ports of tunnels. */
const PORT_LEAST: u32 = 1701;
const PORT_MOST: u32 = 8472;
/** IP protocols of tunnels, a bit each, by the lower six bits of the number. */
const PROTOCOLS: u64 = (1 << 4) | (1 << 41) | (1 << 47) | (1 << (115 & 63)) | (1 << (137 & 63));

/**
 * Whether a datagram to a port may hold a tunnel: TCP, and UDP to a port beyond the range, pay one
 * comparison.
 */
// @ts-ignore: decorator
@inline
export function mayHoldTunnel(protocol: u32, port: u32): bool {
  if ((port | (protocol << 16)) - (PORT_LEAST | (UDP << 16)) > PORT_MOST - PORT_LEAST) return false;
  return insideOfPort(port) != 0;
}

/** Whether an IP protocol, other than TCP and UDP, may be a tunnel. */
// @ts-ignore: decorator
@inline
export function mayBeTunnel(protocol: u32): bool {
  return ((PROTOCOLS >> <u64>protocol) & 1) != 0;
}

/** What a UDP datagram to a port holds. */
export function insideOfPort(port: u32): u32 {
  if (port == 4789 || port == 8472) return AT_VXLAN;
  if (port == 6081) return AT_GENEVE;
  if (port == 2152) return AT_GTP_U;
  return port == 1701 ? AT_L2TP_IN_UDP : 0;
}

/** What an IP packet of a protocol holds, other than UDP. */
export function insideOfProtocol(protocol: u32, six: bool): u32 {
  if (protocol == 4) return AT_IP_IN_IP + (six ? IPV4_IN_IPV6 : IPV4_IN_IPV4);
  if (protocol == 41) return AT_IP_IN_IP + (six ? IPV6_IN_IPV6 : IPV6_IN_IPV4);
  if (protocol == 47) return AT_GRE;
  if (protocol == 115) return AT_L2TP_IN_IP;
  return protocol == 137 ? TYPE_MPLS : 0;
}

/**
 * Whether Ethernet begins here that holds an IPv4 header with the right sum, or the first bits of an IPv6
 * header.
 */
export function holdsIp(at: usize, end: usize): bool {
  at += 12;
  while (at + 2 <= end && (big16(at) == 0x8100 || big16(at) == 0x88a8 || big16(at) == 0x9100)) at += 4;
  if (at + 3 > end) return false;
  const first = load<u8>(at, 2);
  if (big16(at) == TYPE_IPV6) return first >> 4 == 6;
  const length = (<usize>first & 15) << 2;
  if (big16(at) != TYPE_IPV4 || first >> 4 != 4 || length < 20 || at + 2 + length > end) return false;
  let sum: u32 = 0;
  for (let i: usize = 0; i < length; i += 2) sum += big16(at + 2 + i);
  return (sum & 0xffff) + (sum >> 16) == 0xffff;
}
