import type { JoinEntry } from '../captures/join/join-entry.js';
import type { CaptureEntry } from '../captures/capture-entry.js';
import type { ReportCounts } from './merge-messages.js';

/** The first facts of an entry. */
export function countsOf(entry: CaptureEntry | JoinEntry): ReportCounts {
  if (entry.error !== null && entry.error !== 'damaged') {
    const none = { packets: 0n, ipv4Tcp: 0n, connectionPackets: 0n, conversations: 0n };
    return { ...none, format: '', truncated: false, error: entry.error };
  }
  return {
    format: entry.format,
    packets: BigInt(entry.packets),
    ipv4Tcp: BigInt(entry.ipv4_tcp),
    connectionPackets: BigInt(entry.connection?.packets ?? 0),
    conversations: BigInt(entry.conversations),
    truncated: entry.truncated,
    error: entry.error ?? '',
  };
}
