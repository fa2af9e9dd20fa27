import { createHash } from 'node:crypto';
import { parseEndpoint } from '../pcap/endpoint.js';
import type { ConversationRow } from '../pcap/report-types.js';
import { hasFacts, type Entry } from './entry.js';

const protocols = { tcp: 6, udp: 17 } as const;

/**
 * The Community ID of a conversation, version 1: the SHA-1 of seed, addresses, protocol, a zero and ports in
 * network order, the smaller endpoint first, as ours stand (github.com/corelight/community-id-spec).
 */
export function communityId({ proto, a, b }: Pick<ConversationRow, 'proto' | 'a' | 'b'>, seed: number): string {
  const [one, other] = [parseEndpoint(a), parseEndpoint(b)];
  const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
  const parts = [u16(seed), one.address, other.address, Buffer.of(protocols[proto], 0), u16(one.port), u16(other.port)];
  return `1:${createHash('sha1').update(Buffer.concat(parts)).digest('base64')}`;
}

/** The entry, with the Community ID of each conversation. */
export function withCommunityIds(entry: Entry, seed: number): Entry {
  if (!hasFacts(entry)) return entry;
  const top = entry.top.map((row) => ({ ...row, community_id: communityId(row, seed) }));
  return { ...entry, top };
}
