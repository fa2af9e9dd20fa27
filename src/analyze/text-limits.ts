import type { FactsEntry } from './entry.js';
import type { TextStyle } from './text-style.js';

const heavyMeaning = `packets and bytes are what it has at least, and "at most" is what it has at most`;

/** What is exact and what is not in the table of conversations, when it was full. */
export function conversationNotes({ conversations_limit: limit }: FactsEntry, { units }: TextStyle): string {
  if (limit === undefined) return '';
  return [
    `NOTE: --max-conversations ${limit.limit} was reached: a share of ${limit.share_kept} of all conversations is kept, ` +
      `chosen by a hash, each exact; ${units.count(limit.packets_not_in_table)} packets with ` +
      `${units.bytes(limit.bytes_not_in_table)} bytes are not in it`,
    `NOTE: of the others ${units.count(limit.heavy)} are told, because they are heavy. Of each ${heavyMeaning}; ` +
      `when it began and ended is not known`,
    `NOTE: no conversation that is in none of the ${units.count(limit.heavy)} and not kept has more than ` +
      `${units.count(limit.unlisted_packets_max)} packets or ${units.bytes(limit.unlisted_bytes_max)} bytes`,
  ].join('\n');
}

/** The same of the endpoints. */
export function endpointNotes(entry: FactsEntry, { units }: TextStyle): string {
  const limit = entry.endpoints_limit;
  if (entry.conversations_limit === undefined) return '';
  if (limit === undefined)
    return 'NOTE: the endpoints are exact: they are counted apart from the conversations that are not kept';
  return [
    `NOTE: more than ${limit.limit} endpoints have conversations that are not kept: a share of ${limit.share_kept} of the ` +
      `endpoints is exact, chosen by a hash. Of each other one ${heavyMeaning}; ${units.count(limit.heavy)} are told ` +
      `because they are heavy`,
    `NOTE: no endpoint that is in no row of --top all has more than ${units.count(limit.unlisted_packets_max)} packets ` +
      `or ${units.bytes(limit.unlisted_bytes_max)} bytes`,
  ].join('\n');
}
