import { formatAddress } from '../endpoint.js';
import { packetEnds } from './packet-ends.js';
import type { PacketRecord } from './record-reader.js';

/** By what packets are put into different files. */
export type SplitBy =
  | { readonly by: 'conversation' | 'host' }
  | { readonly by: 'time'; readonly seconds: number }
  | { readonly by: 'size'; readonly bytes: number };

/** For packets that belong to no conversation and no host. */
export const otherKey = 'other';

/** Parts of the names of the files that a packet belongs to: one, and with 'host' one for each of its two ends. */
export function splitKeys(split: SplitBy, packet: PacketRecord): readonly string[] {
  if (split.by === 'time') return [timeKey(Math.floor(packet.seconds / split.seconds) * split.seconds)];
  if (split.by === 'size') return [];
  const ends = packetEnds(packet.face.link, packet.data);
  if (ends === null) return [otherKey];
  const source = addressText(ends.source);
  const target = addressText(ends.target);
  if (split.by === 'host') return source === target ? [source] : [source, target];
  if (ends.protocol === null) return [`ip-${[source, target].sort().join('-')}`];
  const sides = [`${source}.${ends.sourcePort}`, `${target}.${ends.targetPort}`].sort();
  return [`${ends.protocol === 6 ? 'tcp' : 'udp'}-${sides.join('-')}`];
}

/** An address as a part of a file's name: IPv6 with underscores in place of its colons. */
function addressText(address: Uint8Array): string {
  return formatAddress(address).replaceAll(':', '_');
}

/** 20261129T140000Z; seconds outside of what a date can say stay a number. */
function timeKey(seconds: number): string {
  if (!(Math.abs(seconds) <= 8.64e12)) return String(seconds);
  return new Date(seconds * 1000).toISOString().replace(/[-:]|\.000/g, '');
}
