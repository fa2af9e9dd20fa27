import { shownName } from '../captures/file/capture-name.js';
import { standardInput } from '../captures/file/capture-file.js';
import { scanCapture } from '../captures/whole/scan-file.js';
import { threadBytesMinDefault } from '../captures/threads/thread-plan.js';
import { TriremeError } from '../common/errors.js';
import { formatAddress, parseEndpoint } from '../pcap/endpoint.js';
import type { ConversationRow } from '../pcap/report-types.js';
import { conversationsMaxDefault, sortDefault } from '../pcap/request.js';
import { complaintOf, hasFacts } from './entry.js';
import type { ExtractSettings } from './extract.js';

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/**
 * The settings with the connection or the conversation that they name as a part of their filter. Without
 * another filter it is looked for behind VLAN tags, as the report counts it.
 * @param threadsMax that make the report
 */
export async function withConversation(settings: ExtractSettings, threadsMax: number): Promise<ExtractSettings> {
  const { client, server, conversation } = settings;
  if (client === undefined && server === undefined && conversation === undefined) return settings;
  if (conversation !== undefined && (client !== undefined || server !== undefined))
    throw usage('--conversation names both ends: leave out --client and --server');
  if (conversation !== undefined) return withFilter(settings, await rowOf(settings, conversation, threadsMax));
  if (client === undefined || server === undefined)
    throw usage(`--${client === undefined ? 'server' : 'client'} needs the other end: a connection has two`);
  return withFilter(settings, { proto: 'tcp', a: client, b: server });
}

function withFilter(settings: ExtractSettings, ends: Pick<ConversationRow, 'proto' | 'a' | 'b'>): ExtractSettings {
  const { filter, filterTags } = settings;
  if (filter === undefined) return { ...settings, filter: filterOfEnds(ends), filterTags: 'transparent' };
  return { ...settings, filter: `(${filter}) and ${filterOfEnds(ends)}`, filterTags };
}

function filterOfEnds({ proto, a, b }: Pick<ConversationRow, 'proto' | 'a' | 'b'>): string {
  const [first, second] = [a, b].map((text) => {
    const { address, port } = parseEndpoint(text);
    return { host: formatAddress(address), port };
  });
  const way = (from: typeof first, to: typeof first): string =>
    `(src host ${from.host} and src port ${from.port} and dst host ${to.host} and dst port ${to.port})`;
  return `(${proto} and (${way(first, second)} or ${way(second, first)}))`;
}

/** The conversation of this number in the report of the same packets, which is made first. */
async function rowOf(settings: ExtractSettings, number: number, threadsMax: number): Promise<ConversationRow> {
  const { file, filter, filterTags, after = null, before = null, master } = settings;
  if (master !== undefined || file === standardInput)
    throw usage(
      '--conversation makes a report of a file on this machine first: give --client and --server instead of it',
    );
  const span = after === null && before === null ? {} : { span: { after, before } };
  const entry = {
    file: shownName(file),
    ...(await scanCapture(file, {
      scan: {
        intervalNs: null,
        conversationsMax: conversationsMaxDefault,
        connection: null,
        filter,
        filterTags,
        ...span,
      },
      top: number,
      sort: sortDefault,
      threadsMax,
      threadBytesMin: threadBytesMinDefault,
    })),
  };
  if (!hasFacts(entry)) throw new TriremeError('NOT_A_CAPTURE', complaintOf(entry) ?? `${file}: cannot be counted`);
  const rows = entry.top as readonly ConversationRow[];
  if (number > rows.length)
    throw usage(`--conversation ${number} is over ${rows.length}, the conversations of the report of ${file}`);
  return rows[number - 1];
}
