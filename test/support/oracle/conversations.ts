import { endpointText } from './address-text.js';
import { readIp } from './ip-layer.js';
import { networkHeader } from './link-layer.js';
import type { Kind, OracleConversation, OraclePacket } from './result.js';

interface Conversation {
  kind: Kind;
  protocol: 6 | 17;
  version: 4 | 6;
  /** Address and port of the smaller and of the larger endpoint, in network order. */
  a: Buffer;
  b: Buffer;
  packets: [number, number];
  bytes: [bigint, bigint];
  firstNs: bigint | null;
  lastNs: bigint | null;
}

/** How one packet counts. */
export interface Classified {
  family: 'ipv4' | 'ipv6' | 'other';
  kind: Kind | null;
  /** Network header and what it says; null when family is other. */
  ip: ReturnType<typeof readIp> | null;
  /** Source and target with their ports, for packets of a conversation. */
  endpoints: { source: Buffer; target: Buffer } | null;
}

export function classify(packet: OraclePacket): Classified {
  const network = networkHeader(packet.linkType, packet.bytes, packet.order);
  if (network === null) return { family: 'other', kind: null, ip: null, endpoints: null };
  const family = network.version === 4 ? 'ipv4' : 'ipv6';
  const ip = readIp(network.version, network.bytes);
  const name = ip.protocol === 6 ? 'tcp' : ip.protocol === 17 ? 'udp' : null;
  if (name === null) return { family, kind: null, ip, endpoints: null };
  const ports = ip.transport !== null && ip.transport.length >= 4 ? ip.transport.subarray(0, 4) : null;
  return {
    family,
    kind: `${family}_${name}`,
    ip,
    endpoints: ports && {
      source: Buffer.concat([ip.source, ports.subarray(0, 2)]),
      target: Buffer.concat([ip.target, ports.subarray(2, 4)]),
    },
  };
}

/** Every conversation of the capture, bidirectional: `a` is the endpoint whose bytes are smaller. */
export class ConversationTable {
  private readonly byKey = new Map<string, Conversation>();

  add(packet: OraclePacket, { kind, endpoints }: Classified): void {
    if (kind === null || endpoints === null) return;
    const forward = Buffer.compare(endpoints.source, endpoints.target) <= 0;
    const [a, b] = forward ? [endpoints.source, endpoints.target] : [endpoints.target, endpoints.source];
    const key = `${kind} ${a.toString('hex')} ${b.toString('hex')}`;
    let found = this.byKey.get(key);
    if (found === undefined) {
      found = {
        kind,
        protocol: kind.endsWith('tcp') ? 6 : 17,
        version: kind.startsWith('ipv4') ? 4 : 6,
        a,
        b,
        packets: [0, 0],
        bytes: [0n, 0n],
        firstNs: null,
        lastNs: null,
      };
      this.byKey.set(key, found);
    }
    const way = forward ? 0 : 1;
    found.packets[way]++;
    found.bytes[way] += BigInt(packet.originalLength);
    if (packet.timeNs === null) return;
    if (found.firstNs === null || packet.timeNs < found.firstNs) found.firstNs = packet.timeNs;
    if (found.lastNs === null || packet.timeNs > found.lastNs) found.lastNs = packet.timeNs;
  }

  get size(): number {
    return this.byKey.size;
  }

  count(kind: Kind): number {
    return [...this.byKey.values()].filter((conversation) => conversation.kind === kind).length;
  }

  /** The largest by bytes, then packets, then protocol number, IP version and endpoint bytes, ascending. */
  top(rows: number): OracleConversation[] {
    return [...this.byKey.values()].sort(byRank).slice(0, rows).map(describe);
  }
}

const total = (bytes: [bigint, bigint]): bigint => bytes[0] + bytes[1];

function byRank(x: Conversation, y: Conversation): number {
  if (total(x.bytes) !== total(y.bytes)) return total(x.bytes) > total(y.bytes) ? -1 : 1;
  const packets = y.packets[0] + y.packets[1] - x.packets[0] - x.packets[1];
  return (
    packets || x.protocol - y.protocol || x.version - y.version || Buffer.compare(x.a, y.a) || Buffer.compare(x.b, y.b)
  );
}

function endpointOf(bytes: Buffer): string {
  return endpointText(bytes.subarray(0, bytes.length - 2), bytes.readUInt16BE(bytes.length - 2));
}

function describe(conversation: Conversation): OracleConversation {
  const { packets, bytes, firstNs, lastNs } = conversation;
  return {
    proto: conversation.protocol === 6 ? 'tcp' : 'udp',
    a: endpointOf(conversation.a),
    b: endpointOf(conversation.b),
    packets: packets[0] + packets[1],
    bytes: Number(total(bytes)),
    packets_a_to_b: packets[0],
    bytes_a_to_b: Number(bytes[0]),
    packets_b_to_a: packets[1],
    bytes_b_to_a: Number(bytes[1]),
    first_ns: firstNs === null ? null : firstNs.toString(),
    last_ns: lastNs === null ? null : lastNs.toString(),
  };
}
