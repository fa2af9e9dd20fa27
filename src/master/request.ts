import { randomInt } from 'node:crypto';
import { shownName } from '../captures/capture-name.js';
import { TriremeError } from '../common/errors.js';
import type { AnalyzeOptions, AnalyzeRequest, FileIdentity } from '../gen/trireme/v1/capture.js';
import type { RequestedAnalysis } from '../ledger/types.js';
import { formatEndpoint, parseEndpoint } from '../pcap/endpoint.js';
import { filterOf } from '../pcap/filter-functions.js';
import { checkConversationsMax, conversationsMaxDefault } from '../pcap/scan-options.js';
import { checkTags } from '../pcap/scan-options.js';
import type { ScanOptions, SortOrder } from '../pcap/types.js';
import { topDefault, topMost, waitMsDefault, waitMsMost } from './limits.js';

const sortOrders: readonly SortOrder[] = ['bytes', 'packets', 'duration', 'start'];
const pathLengthMax = 4096;
const intervalNsLeast = 1_000n;
const intervalNsMost = 31_536_000_000_000_000n;

/** What a caller asked for, checked and complete. */
export interface AnalysisRequest extends RequestedAnalysis {
  readonly identity: FileIdentity | null;
}

/** @throws TriremeError USAGE that names the field, its value and its bound */
export function compileRequest(request: AnalyzeRequest, waitMsUnsaid = waitMsDefault): AnalysisRequest {
  const { path, identity, options, waitMs, name, detach, join } = request;
  if (path === '') throw usage('path is empty: name a capture');
  if (path.length > pathLengthMax) throw usage(`path has ${path.length} characters, over ${pathLengthMax}`);
  if (name.length > pathLengthMax) throw usage(`name has ${name.length} characters, over ${pathLengthMax}`);
  if (path.includes('\0')) throw usage('path holds a NUL character');
  if (identity !== undefined && identity.endsSha256.length !== 32) {
    throw usage(`identity.ends_sha256 has ${identity.endsSha256.length} bytes, not 32`);
  }
  const top = options?.top || topDefault;
  if (top > topMost) throw usage(`top ${top} is over ${topMost}, the most rows that fit a message`);
  const sort = (options?.sort || 'bytes') as SortOrder;
  if (!sortOrders.includes(sort)) throw usage(`sort '${sort}' is none of ${sortOrders.join(', ')}`);
  const interval = options?.intervalNs ?? 0n;
  if (interval !== 0n && (interval < intervalNsLeast || interval > intervalNsMost)) {
    throw usage(`interval_ns ${interval} is not from ${intervalNsLeast} to ${intervalNsMost}`);
  }
  const conversationsMax = options?.conversationsMax || conversationsMaxDefault;
  checkConversationsMax('conversations_max', conversationsMax);
  if (waitMs > waitMsMost) throw usage(`wait_ms ${waitMs} is over ${waitMsMost}`);
  return {
    name: shownName(name === '' ? path : name),
    path,
    identity: identity ?? null,
    detached: detach,
    join: join === true ? true : undefined,
    scan: {
      intervalNs: interval === 0n ? null : interval.toString(),
      conversationsMax,
      connection: connectionOf(options?.client ?? '', options?.server ?? ''),
      ...selectionOf(options),
      hashSeed: randomInt(2 ** 32),
    },
    top,
    sort,
    waitMs: waitMs || waitMsUnsaid,
  };
}

function selectionOf(options: AnalyzeOptions | undefined): Pick<ScanOptions, 'filter' | 'filterTags' | 'span'> {
  const { filter = '', filterTags = '', afterNs, beforeNs } = options ?? {};
  checkTags(filterTags === '' ? undefined : filterTags, filter);
  const span = { after: afterNs?.toString() ?? null, before: beforeNs?.toString() ?? null };
  const tags = filterTags === '' ? {} : { filterTags: 'transparent' as const };
  return {
    ...(filter === '' ? {} : { filter: filterOf(filter).expression, ...tags }),
    ...(span.after === null && span.before === null ? {} : { span }),
  };
}

function connectionOf(client: string, server: string): ScanOptions['connection'] {
  if (client === '' && server === '') return null;
  if (client === '' || server === '') throw usage('client and server: a connection has two ends, give both or neither');
  const ends = { client: endOf('client', client), server: endOf('server', server) };
  if (ends.client.includes('[') === ends.server.includes('[')) return ends;
  throw usage(`client ${client} and server ${server} are of two IP versions: no connection joins them`);
}

function endOf(field: string, text: string): string {
  try {
    return formatEndpoint(parseEndpoint(text));
  } catch (error) {
    throw new TriremeError('USAGE', `${field}: ${TriremeError.from(error).message}`, { cause: error });
  }
}

function usage(message: string): TriremeError {
  return new TriremeError('USAGE', message);
}
