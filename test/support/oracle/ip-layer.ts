/**
 * What an IP header says. `transport` is null where ports cannot be had: later fragments, cut or impossible headers.
 */
export interface IpFacts {
  /** Protocol number after extension headers; null when it was not captured. */
  protocol: number | null;
  source: Uint8Array;
  target: Uint8Array;
  transport: Uint8Array | null;
}

export function readIp(version: 4 | 6, packet: Uint8Array): IpFacts {
  return version === 4 ? readIpv4(packet) : readIpv6(packet);
}

function readIpv4(packet: Uint8Array): IpFacts {
  const headerBytes = (packet[0] & 15) * 4;
  const fragmentOffset = ((packet[6] & 0x1f) << 8) | packet[7];
  return {
    protocol: packet.length > 9 ? packet[9] : null,
    source: packet.subarray(12, 16),
    target: packet.subarray(16, 20),
    transport: fragmentOffset === 0 && headerBytes >= 20 ? packet.subarray(headerBytes) : null,
  };
}

const hopByHop = 0;
const routing = 43;
const fragment = 44;
const destinationOptions = 60;

function readIpv6(packet: Uint8Array): IpFacts {
  const addresses = { source: packet.subarray(8, 24), target: packet.subarray(24, 40) };
  if (packet.length <= 6) return { protocol: null, ...addresses, transport: null };
  let next = packet[6];
  let at = 40;
  while (next === hopByHop || next === routing || next === fragment || next === destinationOptions) {
    // What a header says is used as far as it was captured: its next header and, to go on, its length or offset.
    if (at + (next === fragment ? 4 : 2) > packet.length) return { protocol: null, ...addresses, transport: null };
    if (next === fragment) {
      const offset = ((packet[at + 2] << 8) | packet[at + 3]) >> 3;
      next = packet[at];
      if (offset !== 0) return { protocol: next, ...addresses, transport: null };
      at += 8;
    } else {
      next = packet[at];
      at += 8 + packet[at + 1] * 8;
    }
  }
  return { protocol: next, ...addresses, transport: packet.subarray(at) };
}
