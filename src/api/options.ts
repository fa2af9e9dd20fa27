import type { ScanSettings } from '../captures/scan-settings.js';
import { threadBytesMinDefault } from '../captures/thread-plan.js';
import { TriremeError } from '../common/errors.js';
import { parseEndpoint, formatEndpoint } from '../pcap/endpoint.js';
import { topMost } from '../pcap/report.js';
import { checkOptions, conversationsMaxDefault } from '../pcap/scan-options.js';
import type { ScanOptions, SortOrder } from '../pcap/types.js';

/** The two ends of a TCP connection. */
export interface ConnectionEnds {
  /** `ADDRESS:PORT`, an IPv6 address in brackets. */
  readonly client: string;
  readonly server: string;
}

/** What may be asked of an analysis; the options of `trireme analyze` beside each. */
export interface AnalyzeOptions {
  /** Rows of `top` and of `endpoints`, 0 to 1,000,000 (`--top`). Default 10. */
  readonly top?: number;
  /** Order of `top` (`--sort`): `bytes`, `packets`, `duration` or `start`. Default `bytes`. */
  readonly sort?: SortOrder;
  /** Adds `series`, a time series with rows of so many nanoseconds, 1 to 2^60 (`--interval`). */
  readonly intervalNs?: bigint;
  /** Adds `connection`, the counts of one TCP connection in both directions (`--client`, `--server`). */
  readonly connection?: ConnectionEnds;
  /** Counts only packets that match an expression of pcap-filter(7) (`--filter`). */
  readonly filter?: string;
  /** `transparent`: the filter does not see VLAN tags, as the counts (`--filter-tags`). Default: as tcpdump. */
  readonly filterTags?: 'transparent';
  /** Counts only packets from this time on, in ns since 1970 (`--after`). */
  readonly afterNs?: bigint;
  /** Counts only packets before this time, in ns since 1970 (`--before`). */
  readonly beforeNs?: bigint;
  /** Conversations held in memory at once, 1 to 16,777,216 (`--max-conversations`). Default 4,194,304. */
  readonly conversationsMax?: number;
  /** Threads at most, 1 to 1,024 (`--cores`), the calling one included. Default 1. */
  readonly cores?: number;
  /** Hears of the bytes read so far, often; `bytesTotal` is null where it is not known. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number | null) => void;
}

const topDefault = 10;
/** More threads than any machine has cores are a mistake. */
const coresMax = 1024;

const sortOrders: readonly string[] = ['bytes', 'packets', 'duration', 'start'] satisfies SortOrder[];
const known = [
  'top',
  'sort',
  'intervalNs',
  'connection',
  'filter',
  'filterTags',
  'afterNs',
  'beforeNs',
  'conversationsMax',
  'cores',
  'onProgress',
];

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/** What the scan runs on: complete and checked. @throws TriremeError USAGE */
export function compileOptions(options: AnalyzeOptions): ScanSettings {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw usage(`option ${unknown} is not known; there are ${known.join(', ')}`);
  const { top = topDefault, sort = 'bytes', cores = 1, onProgress, intervalNs } = options;
  whole('top', top, 0, topMost);
  whole('cores', cores, 1, coresMax);
  if (!sortOrders.includes(sort)) throw usage(`sort '${String(sort)}' is none of ${sortOrders.join(', ')}`);
  if (intervalNs !== undefined && typeof intervalNs !== 'bigint')
    throw usage(`intervalNs ${String(intervalNs)} is not a bigint of nanoseconds, such as 1_000_000_000n`);
  const scan: ScanOptions = {
    intervalNs: intervalNs?.toString() ?? null,
    conversationsMax: options.conversationsMax ?? conversationsMaxDefault,
    connection: options.connection === undefined ? null : connectionOf(options.connection),
    ...selectionOf(options),
    // No result depends on it; nobody can build a capture whose conversations collide under it.
    hashSeed: Math.floor(Math.random() * 2 ** 32),
  };
  checkOptions(scan);
  return { scan, top, sort, threadsMax: cores, threadBytesMin: threadBytesMinDefault, onProgress };
}

function selectionOf({
  filter,
  filterTags,
  afterNs,
  beforeNs,
}: AnalyzeOptions): Pick<ScanOptions, 'filter' | 'filterTags' | 'span'> {
  if (filter !== undefined && typeof filter !== 'string') throw usage(`filter ${String(filter)} is no text`);
  for (const [name, time] of Object.entries({ afterNs, beforeNs }))
    if (time !== undefined && typeof time !== 'bigint')
      throw usage(`${name} ${String(time)} is not a bigint of nanoseconds`);
  const span = { after: afterNs?.toString() ?? null, before: beforeNs?.toString() ?? null };
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(filterTags === undefined ? {} : { filterTags }),
    ...(span.after === null && span.before === null ? {} : { span }),
  };
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most)
    throw usage(`${name} ${String(value)} is not a whole number from ${least} to ${most}`);
}

/** The endpoints in their one canonical form, so that every spelling of an address gives the same result. */
function connectionOf({ client, server }: ConnectionEnds): ConnectionEnds {
  const ends = { client: endOf('client', client), server: endOf('server', server) };
  if (ends.client.includes('[') !== ends.server.includes('['))
    throw usage(`connection: ${client} and ${server} are of two IP versions: no connection joins them`);
  return ends;
}

function endOf(which: string, text: string): string {
  try {
    return formatEndpoint(parseEndpoint(String(text)));
  } catch (error) {
    throw new TriremeError('USAGE', `connection.${which}: ${TriremeError.from(error).message}`, { cause: error });
  }
}
