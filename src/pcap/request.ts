import { TriremeError, type ErrorFacts } from '../common/errors.js';
import { formatEndpoint, parseEndpoint } from './endpoint.js';
import { filterOf } from './filter-functions.js';
import type { ScanOptions, SortOrder } from './types.js';

// What an analysis may be asked, with its bounds, its defaults and the words of its refusals: for the command line, the
// master, the package and the engine itself. capture.proto says the same in its comments; a test compares them.

/**
 * Conversations held at once, where nobody says: 335 MB of IPv4 entries and 64 MB of index, 3.5 million well
 * inside 1 GB.
 */
export const conversationsMaxDefault = 4_194_304;
/** More IPv4 entries than this and as many address pairs would not fit the 4 GiB that a wasm memory can address. */
export const conversationsHeldMax = 16_777_216;

/**
 * With TCP's state, which is 256 bytes a conversation and as much again where much goes wrong: 2.7 GB of the
 * same 4 GiB.
 */
export const conversationsWatchedMax = 4_194_304;

/**
 * Nanoseconds of one row of the time series: the unit of a capture's times, and 36 years, whose multiples
 * stay inside int64.
 */
export const intervalNsMin = 1n;
export const intervalNsMax = 1n << 60n;

/** Rows of each table, where nobody says. */
export const topDefault = 10;
/** Rows of a packed table: no table holds more conversations, and each has two ends. */
export const topAll = 2 * conversationsHeldMax;
/** Rows of a table of objects: each is about 1 kB. */
export const topObjectsMax = 1_000_000;
/** Rows of a table in a result of the cluster: a row is up to 1 kB, and the report must fit a message. */
export const topMessageMax = 50_000;

export const sortOrders: readonly SortOrder[] = ['bytes', 'packets', 'duration', 'start'];
export const sortDefault: SortOrder = 'bytes';

/**
 * Milliseconds to wait for a first worker, where nobody says: a worker started together with the caller is
 * there by then.
 */
export const waitMsDefault = 30_000;
/** A day: who asks for longer waits by mistake. */
export const waitMsMax = 86_400_000;

/** What was said of an analysis; what is left out was not said. */
export interface Asked {
  readonly top?: number;
  readonly sort?: string;
  readonly intervalNs?: bigint;
  readonly conversationsMax?: number;
  readonly client?: string;
  readonly server?: string;
  readonly filter?: string;
  readonly filterTags?: string;
  /** ns since 1970 in decimal, with a '+' from the first packet. */
  readonly after?: string;
  readonly before?: string;
  readonly inner?: boolean;
  readonly tcp?: boolean;
  readonly names?: boolean;
}

/** What each is called where it was said. */
export type AskedNames = Readonly<Record<keyof Asked, string>>;

/** Most rows of the form in which tables are told, and why no more. */
export interface TopBound {
  readonly max: number;
  readonly why: string;
}

/** Rows with further columns are not packed. */
export const topOfInner: TopBound = {
  max: topObjectsMax,
  why: 'the most rows that have the columns of --inner, --tcp, --names and --community-id: ask for fewer, or leave these out',
};

export const topOfMessage: TopBound = {
  max: topMessageMax,
  why: 'the most rows that fit a message of the cluster: ask for fewer, or analyse on one machine, which gives all',
};

/** What a scan runs on and how it is told: complete and checked. */
export interface CompiledRequest {
  readonly scan: ScanOptions;
  readonly top: number;
  readonly sort: SortOrder;
}

/** @throws TriremeError USAGE that names what was said, its value and its bound */
export function compileAsked(asked: Asked, names: AskedNames, topBound: TopBound): CompiledRequest {
  const { top = topDefault, sort = sortDefault, intervalNs, conversationsMax = conversationsMaxDefault } = asked;
  if (!isWhole(top, 1, topBound.max))
    throw usage(`${names.top} ${String(top)} is not a whole number from 1 to ${topBound.max}, ${topBound.why}`, {
      value: String(top),
      bound: topBound.max,
      boundName: names.top,
    });
  if (!sortOrders.includes(sort as SortOrder))
    throw usage(`${names.sort} '${String(sort)}' is none of ${sortOrders.join(', ')}`, {
      value: String(sort),
      bound: sortOrders.join(', '),
      boundName: names.sort,
    });
  checkConversationsMax(names.conversationsMax, conversationsMax, asked.tcp);
  if (intervalNs !== undefined) checkInterval(names.intervalNs, intervalNs);
  return {
    scan: {
      intervalNs: intervalNs?.toString() ?? null,
      conversationsMax,
      connection: connectionOf(asked, names),
      ...selectionOf(asked, names),
      ...(isAsked(asked.inner, names.inner) ? { inner: true } : {}),
      ...(isAsked(asked.tcp, names.tcp) ? { tcp: true } : {}),
      ...(isAsked(asked.names, names.names) ? { names: true } : {}),
      // No result depends on it; nobody can build a capture whose conversations collide under it. Loading
      // node:crypto for a better one would cost a small analysis 3 ms.
      hashSeed: Math.floor(Math.random() * 2 ** 32),
    },
    top,
    sort: sort as SortOrder,
  };
}

/** The packets that are counted, where these are not all. @throws TriremeError USAGE */
export function selectionOf(
  { filter, filterTags, after, before }: Pick<Asked, 'filter' | 'filterTags' | 'after' | 'before'>,
  names: Pick<AskedNames, 'filter' | 'filterTags' | 'after' | 'before'>,
): Pick<ScanOptions, 'filter' | 'filterTags' | 'span'> {
  if (filter?.trim() === '')
    throw usage(`${names.filter} is empty: leave it out, or give an expression such as 'tcp port 443'`);
  if (filter === undefined && filterTags !== undefined)
    throw usage(`${names.filterTags} says what ${names.filter} sees: it needs ${names.filter}`);
  checkTags(filterTags, filter);
  if (after !== undefined) checkTime(names.after, after);
  if (before !== undefined) checkTime(names.before, before);
  if (after !== undefined && before !== undefined && after.startsWith('+') === before.startsWith('+')) {
    if (BigInt(after) >= BigInt(before))
      throw usage(`${names.after} is not before ${names.before}: no packet lies between them`);
  }
  return {
    ...(filter === undefined ? {} : { filter: filterOf(filter).expression }),
    ...(filterTags === undefined ? {} : { filterTags: 'transparent' }),
    ...(after === undefined && before === undefined ? {} : { span: { after: after ?? null, before: before ?? null } }),
  };
}

export function checkConversationsMax(name: string, value: number, tcp = false): void {
  const most = tcp ? conversationsWatchedMax : conversationsHeldMax;
  if (isWhole(value, 1, most)) return;
  const which = tcp ? ', which is the most with --tcp' : '';
  throw usage(`${name} ${String(value)} is not a whole number from 1 to ${most}${which}`, {
    value: String(value),
    bound: most,
    boundName: name,
  });
}

export function checkInterval(name: string, ns: bigint): void {
  if (ns >= intervalNsMin && ns <= intervalNsMax) return;
  throw usage(`${name} of ${ns} ns is not from ${intervalNsMin} to ${intervalNsMax} ns`, {
    value: String(ns),
    bound: `${intervalNsMin} to ${intervalNsMax}`,
    boundName: name,
  });
}

/** Refuses tags that are asked for and that the filter is not shown. */
export function checkTags(filterTags: string | undefined, filter: string | undefined): void {
  if (filterTags === undefined) return;
  if (filterTags !== 'transparent')
    throw usage(`filter tags '${filterTags}': there is 'transparent'; leave it out for tcpdump's view`);
  if (filter !== undefined && /\bvlan\b/.test(filter))
    throw usage(
      `the filter asks for 'vlan', and filter tags 'transparent' shows it packets without tags: leave out one of them`,
    );
}

/** Times of packets are 64 bits of nanoseconds since 1970. */
export const timeNsMin = -(1n << 63n);
export const timeNsMax = (1n << 63n) - 1n;

/** A time as it was said, in ns. */
export function checkTime(name: string, text: string): bigint {
  const ns = /^[+-]?\d{1,24}$/.test(text) ? BigInt(text.replace('+', '')) : null;
  if (ns !== null && ns >= timeNsMin && ns <= timeNsMax) return ns;
  throw usage(`${name} '${text}' is no time in 64 bits of nanoseconds since 1970 (years 1677 to 2262)`);
}

function connectionOf({ client, server }: Asked, names: AskedNames): ScanOptions['connection'] {
  if (client === undefined && server === undefined) return null;
  if (client === undefined || server === undefined)
    throw usage(`${names.client} and ${names.server}: a connection has two ends, give both or neither`);
  const ends = { client: endOf(names.client, client), server: endOf(names.server, server) };
  if (ends.client.includes('[') === ends.server.includes('[')) return ends;
  throw usage(
    `${names.client} ${client} and ${names.server} ${server} are of two IP versions: no connection joins them`,
  );
}

/** The endpoint in its one canonical form, so that every spelling of an address gives the same result. */
function endOf(name: string, text: string): string {
  try {
    return formatEndpoint(parseEndpoint(String(text)));
  } catch (error) {
    throw new TriremeError('USAGE', `${name}: ${TriremeError.from(error).message}`, { cause: error });
  }
}

function isAsked(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw usage(`${name} ${String(value)} is neither true nor false`);
}

const isWhole = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max;

const usage = (message: string, facts?: ErrorFacts): TriremeError => new TriremeError('USAGE', message, { facts });
