import type { ConversationRow } from '../../pcap/report-types.js';
import type { Count } from '../../pcap/types.js';
import { sum } from './fit-series.js';

/** All conversations between two addresses; as in a conversation, `a` is the smaller address. */
export interface PairRow {
  readonly a: string;
  readonly b: string;
  readonly conversations: number;
  readonly packets: Count;
  readonly bytes: Count;
  readonly packets_a_to_b: Count;
  readonly bytes_a_to_b: Count;
  readonly packets_b_to_a: Count;
  readonly bytes_b_to_a: Count;
}

type Sums = { -readonly [K in keyof PairRow]: PairRow[K] };

/** Who talks to whom: conversations summed by their two addresses, most bytes first. */
export function pairsOf(conversations: Iterable<ConversationRow>): PairRow[] {
  const pairs = new Map<string, Sums>();
  for (const row of conversations) {
    const [a, b] = [addressOf(row.a), addressOf(row.b)];
    const pair = pairs.get(`${a} ${b}`) ?? addPair(pairs, a, b);
    pair.conversations++;
    pair.packets = sum(pair.packets, row.packets);
    pair.bytes = sum(pair.bytes, row.bytes);
    pair.packets_a_to_b = sum(pair.packets_a_to_b, row.packets_a_to_b);
    pair.bytes_a_to_b = sum(pair.bytes_a_to_b, row.bytes_a_to_b);
    pair.packets_b_to_a = sum(pair.packets_b_to_a, row.packets_b_to_a);
    pair.bytes_b_to_a = sum(pair.bytes_b_to_a, row.bytes_b_to_a);
  }
  return [...pairs.values()].sort((x, y) => Number(BigInt(y.bytes) - BigInt(x.bytes)));
}

function addPair(pairs: Map<string, Sums>, a: string, b: string): Sums {
  const pair: Sums = {
    a,
    b,
    conversations: 0,
    packets: 0,
    bytes: 0,
    packets_a_to_b: 0,
    bytes_a_to_b: 0,
    packets_b_to_a: 0,
    bytes_b_to_a: 0,
  };
  pairs.set(`${a} ${b}`, pair);
  return pair;
}

/** `10.0.0.1` of `10.0.0.1:80`, `::1` of `[::1]:80`. */
export function addressOf(endpoint: string): string {
  const host = endpoint.slice(0, endpoint.lastIndexOf(':'));
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
