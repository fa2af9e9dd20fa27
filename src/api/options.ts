import type { ScanSettings } from '../captures/scan/scan-settings.js';
import { coresMax, threadBytesMinDefault } from '../captures/threads/thread-plan.js';
import { TriremeError } from '../common/errors.js';
import { compileAsked, topObjectsMax, type AskedNames } from '../pcap/request.js';
import type { SortOrder } from '../pcap/types.js';

/** The two ends of a TCP connection. */
export interface ConnectionEnds {
  /** `ADDRESS:PORT`, an IPv6 address in brackets. */
  readonly client: string;
  readonly server: string;
}

/** What may be asked of an analysis; the options of `trireme analyze` beside each. */
export interface AnalyzeOptions {
  /** Rows of `top` and of `endpoints`, 1 to 1,000,000 (`--top`). Default 10. */
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
  /** Conversations and endpoints are those inside of tunnels: of the innermost IP header of each packet (`--inner`). */
  readonly inner?: boolean;
  /** The health of TCP conversations is told (`--tcp`). */
  readonly tcp?: boolean;
  /** What packets tell of names is told (`--names`). */
  readonly names?: boolean;
  /** Conversations held in memory at once, 1 to 16,777,216 (`--max-conversations`). Default 4,194,304. */
  readonly conversationsMax?: number;
  /** Threads at most, 1 to 1,024 (`--cores`), the calling one included. Default 1. */
  readonly cores?: number;
  /** Hears of the bytes read so far, often; `bytesTotal` is null where it is not known. */
  readonly onProgress?: (bytesDone: number, bytesTotal: number | null) => void;
}

const known = [
  'top',
  'sort',
  'intervalNs',
  'connection',
  'filter',
  'filterTags',
  'afterNs',
  'beforeNs',
  'inner',
  'tcp',
  'names',
  'conversationsMax',
  'cores',
  'onProgress',
];

/** What AnalyzeOptions calls what is asked. */
const names: AskedNames = {
  top: 'top',
  sort: 'sort',
  intervalNs: 'intervalNs',
  conversationsMax: 'conversationsMax',
  client: 'connection.client',
  server: 'connection.server',
  filter: 'filter',
  filterTags: 'filterTags',
  after: 'afterNs',
  before: 'beforeNs',
  inner: 'inner',
  tcp: 'tcp',
  names: 'names',
};

const usage = (message: string): TriremeError => new TriremeError('USAGE', message);

/** What the scan runs on: complete and checked. @throws TriremeError USAGE */
export function compileOptions(options: AnalyzeOptions): ScanSettings {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) throw usage(`option ${unknown} is not known; there are ${known.join(', ')}`);
  const { cores = 1, onProgress, connection, intervalNs, afterNs, beforeNs } = options;
  if (!Number.isInteger(cores) || cores < 1 || cores > coresMax)
    throw usage(`cores ${String(cores)} is not a whole number from 1 to ${coresMax}`);
  for (const [name, ns] of Object.entries({ intervalNs, afterNs, beforeNs }))
    if (ns !== undefined && typeof ns !== 'bigint')
      throw usage(`${name} ${String(ns)} is not a bigint of nanoseconds, such as 1_000_000_000n`);
  for (const name of ['filter', 'filterTags'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'string')
      throw usage(`${name} ${String(options[name])} is no text`);
  const { scan, top, sort } = compileAsked(
    {
      ...options,
      client: connection?.client,
      server: connection?.server,
      after: afterNs?.toString(),
      before: beforeNs?.toString(),
    },
    names,
    { max: topObjectsMax, why: 'the most rows that are held as objects' },
  );
  return { scan, top, sort, threadsMax: cores, threadBytesMin: threadBytesMinDefault, onProgress };
}
