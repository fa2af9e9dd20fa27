import { readClassic } from './classic-reader.js';
import { classify, ConversationTable } from './conversations.js';
import { readPcapng } from './pcapng-reader.js';
import { kinds, type Kind, type OracleFacts, type OracleReading, type OracleResult } from './result.js';
import { unwrap } from './unwrap.js';

export type { OracleFacts, OracleReading, OracleResult } from './result.js';

/** Records and boundaries of an uncompressed capture in memory; null when it is none. */
export function oracleReading(capture: Uint8Array): OracleReading | null {
  return readClassic(capture) ?? readPcapng(capture);
}

/** The whole answer for a file in memory (gzip and zstd too). */
export function oracleResult(file: Uint8Array): OracleResult {
  const { bytes, gzip, cut } = unwrap(file);
  const result = oracleOfCapture(bytes);
  return 'packets' in result ? { ...result, truncated: result.truncated || cut, gzip } : result;
}

/** The whole answer for the bytes of a capture as they are: bytes that begin like gzip are no capture here. */
export function oracleOfCapture(capture: Uint8Array): OracleResult {
  const reading = oracleReading(capture);
  return reading === null ? { error: 'not-a-capture' } : factsOf(reading);
}

function factsOf(reading: OracleReading): OracleFacts {
  const counts: Record<Kind | 'ipv4' | 'ipv6' | 'other', number> = {
    ipv4: 0,
    ipv6: 0,
    other: 0,
    ipv4_tcp: 0,
    ipv4_udp: 0,
    ipv6_tcp: 0,
    ipv6_udp: 0,
  };
  const linkTypes = new Map<number, number>();
  const table = new ConversationTable();
  let captured = 0n;
  let original = 0n;
  let firstNs: bigint | null = null;
  let lastNs: bigint | null = null;

  for (const packet of reading.packets) {
    const classified = classify(packet);
    counts[classified.family]++;
    if (classified.kind !== null) counts[classified.kind]++;
    table.add(packet, classified);
    linkTypes.set(packet.linkType, (linkTypes.get(packet.linkType) ?? 0) + 1);
    captured += BigInt(packet.bytes.length);
    original += BigInt(packet.originalLength);
    if (packet.timeNs === null) continue;
    if (firstNs === null || packet.timeNs < firstNs) firstNs = packet.timeNs;
    if (lastNs === null || packet.timeNs > lastNs) lastNs = packet.timeNs;
  }

  return {
    format: reading.format,
    byte_order: reading.byteOrder,
    packets: reading.packets.length,
    captured_bytes: Number(captured),
    original_bytes: Number(original),
    first_ns: firstNs === null ? null : firstNs.toString(),
    last_ns: lastNs === null ? null : lastNs.toString(),
    ...counts,
    truncated: reading.truncated,
    error: reading.damaged ? 'damaged' : null,
    link_types: Object.fromEntries([...linkTypes].map(([type, packets]) => [String(type), packets])),
    gzip: false,
    interfaces: reading.interfaces,
    sections: reading.sections,
    conversations: table.size,
    conversations_by_kind: Object.fromEntries(kinds.map((kind) => [kind, table.count(kind)])) as Record<Kind, number>,
    top: table.top(10),
  };
}
