import type { FactsEntry } from './entry.js';
import type { TextStyle } from './text-table.js';

const bounds = 'packets and bytes are what it has at least, "at most" is what it has at most';

/** What is exact and what is not in the table of conversations, when it was full. */
export function conversationNotes({ conversations_limit: limit }: FactsEntry, { units }: TextStyle): string {
  if (limit === undefined) return '';
  const heavy = units.count(limit.heavy);
  return [
    `NOTE: --max-conversations ${limit.limit} was reached: a share of ${limit.share_kept} of all conversations is kept, ` +
      `chosen by a hash, each exact; ${units.count(limit.packets_not_in_table)} packets with ` +
      `${units.bytes(limit.bytes_not_in_table)} bytes are not in it`,
    `NOTE: ${heavy} others are told because they are heavy. Of each ${bounds}; its times are not known`,
    `NOTE: a conversation that is neither kept nor one of these ${heavy} has at most ` +
      `${units.count(limit.unlisted_packets_max)} packets and ${units.bytes(limit.unlisted_bytes_max)} bytes`,
  ].join('\n');
}

/** The same of the endpoints. */
export function endpointNotes(entry: FactsEntry, { units }: TextStyle): string {
  const limit = entry.endpoints_limit;
  if (entry.conversations_limit === undefined) return '';
  if (limit === undefined)
    return 'NOTE: the endpoints are exact: those of conversations that are not kept have a table of their own';
  return [
    `NOTE: more than ${limit.limit} endpoints have conversations that are not kept: a share of ${limit.share_kept} of ` +
      `the endpoints is exact, chosen by a hash. Of each other one ${bounds}`,
    `NOTE: an endpoint that is in no row of --top all has at most ${units.count(limit.unlisted_packets_max)} packets ` +
      `and ${units.bytes(limit.unlisted_bytes_max)} bytes`,
  ].join('\n');
}
