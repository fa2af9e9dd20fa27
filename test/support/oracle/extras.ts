import { addressText } from './address-text.js';
import { classify, ConversationTable } from './conversations.js';
import type { OracleConversation, OracleReading } from './result.js';

/** What a report tells beside the fields of a result, counted plainly. */

export interface EndpointCounts {
  packets_sent: number;
  bytes_sent: number;
  packets_received: number;
  bytes_received: number;
}

/** Every address of an IP packet whose two addresses were captured. */
export function endpointCounts(reading: OracleReading): Map<string, EndpointCounts> {
  const counts = new Map<string, EndpointCounts>();
  const of = (address: Uint8Array): EndpointCounts => {
    const name = addressText(address);
    const found = counts.get(name) ?? { packets_sent: 0, bytes_sent: 0, packets_received: 0, bytes_received: 0 };
    counts.set(name, found);
    return found;
  };
  for (const packet of reading.packets) {
    const { family, ip } = classify(packet);
    if (ip === null) continue;
    const addressBytes = family === 'ipv4' ? 4 : 16;
    if (ip.source.length < addressBytes || ip.target.length < addressBytes) continue;
    const source = of(ip.source);
    source.packets_sent++;
    source.bytes_sent += packet.originalLength;
    const target = of(ip.target);
    target.packets_received++;
    target.bytes_received += packet.originalLength;
  }
  return counts;
}

/** Packets by the start of their interval, for packets with a time. */
export function seriesCounts(
  reading: OracleReading,
  intervalNs: bigint,
): Map<bigint, { packets: number; bytes: number }> {
  const rows = new Map<bigint, { packets: number; bytes: number }>();
  for (const { timeNs, originalLength } of reading.packets) {
    if (timeNs === null) continue;
    const start = timeNs - (((timeNs % intervalNs) + intervalNs) % intervalNs);
    const row = rows.get(start) ?? { packets: 0, bytes: 0 };
    row.packets++;
    row.bytes += originalLength;
    rows.set(start, row);
  }
  return rows;
}

/** Every conversation, the largest first. */
export function allConversations(reading: OracleReading): OracleConversation[] {
  const table = new ConversationTable();
  for (const packet of reading.packets) table.add(packet, classify(packet));
  return table.top(table.size);
}
