import { randomInt } from 'node:crypto';
import { shownName } from '../captures/file/capture-name.js';
import { TriremeError, type ErrorFacts } from '../common/errors.js';
import type { AnalyzeOptions, AnalyzeRequest, FileIdentity } from '../gen/trireme/v1/capture.js';
import type { RequestedAnalysis } from '../ledger/types.js';
import { spanOf } from '../pcap/time-bounds.js';
import { compileAsked, topOfMessage, waitMsDefault, waitMsMax, type Asked, type AskedNames } from '../pcap/request.js';

/** Letters of a path, and of a name: Linux takes no longer path. */
const pathLengthMax = 4096;

/** What AnalyzeOptions calls what is asked. */
const names: AskedNames = {
  top: 'top',
  sort: 'sort',
  intervalNs: 'interval_ns',
  conversationsMax: 'conversations_max',
  client: 'client',
  server: 'server',
  filter: 'filter',
  filterTags: 'filter_tags',
  after: 'after_ns',
  before: 'before_ns',
  inner: 'inner',
  tcp: 'tcp',
  names: 'names',
};

/** What a caller asked for, checked and complete. */
export interface AnalysisRequest extends RequestedAnalysis {
  readonly identity: FileIdentity | null;
}

/** @throws TriremeError USAGE that names the field, its value and its bound */
export function compileRequest(request: AnalyzeRequest, waitMsUnsaid = waitMsDefault): AnalysisRequest {
  const { path, identity, options, waitMs, name, detach, join } = request;
  if (path === '') throw usage('path is empty: name a capture');
  if (path.length > pathLengthMax) throw tooLong('path', path.length);
  if (name.length > pathLengthMax) throw tooLong('name', name.length);
  if (path.includes('\0')) throw usage('path holds a NUL character');
  if (identity !== undefined && identity.endsSha256.length !== 32) {
    throw usage(`identity.ends_sha256 has ${identity.endsSha256.length} bytes, not 32`);
  }
  if (waitMs > waitMsMax)
    throw usage(`wait_ms ${waitMs} is over ${waitMsMax}`, { value: waitMs, bound: waitMsMax, boundName: 'wait_ms' });
  const { scan, top, sort } = compileAsked(askedOf(options), names, topOfMessage);
  return {
    name: shownName(name === '' ? path : name),
    path,
    identity: identity ?? null,
    detached: detach,
    join: join === true ? true : undefined,
    // Strangers may ask this process, and see what it answers: no seed follows from others.
    scan: { ...scan, hashSeed: randomInt(2 ** 32) },
    noIndex: options?.noIndex === true ? true : undefined,
    top,
    sort,
    waitMs: waitMs || waitMsUnsaid,
  };
}

/** A field that holds its type's zero was not said. */
function askedOf(options: AnalyzeOptions | undefined): Asked {
  const said = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
  return {
    top: options?.top || undefined,
    sort: said(options?.sort),
    intervalNs: options?.intervalNs || undefined,
    conversationsMax: options?.conversationsMax || undefined,
    client: said(options?.client),
    server: said(options?.server),
    filter: said(options?.filter),
    filterTags: said(options?.filterTags),
    ...spanOf(options ?? {}),
    inner: options?.inner,
    tcp: options?.tcp,
    names: options?.names,
  };
}

const usage = (message: string, facts?: ErrorFacts): TriremeError => new TriremeError('USAGE', message, { facts });

const tooLong = (field: string, length: number): TriremeError =>
  usage(`${field} has ${length} characters, over ${pathLengthMax}`, {
    value: length,
    bound: pathLengthMax,
    boundName: 'pathLengthMax',
  });
