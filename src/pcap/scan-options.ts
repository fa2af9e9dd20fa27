import { TriremeError } from '../common/errors.js';
import { filterOf } from './filter-functions.js';
import type { ScanOptions, TimeSpan } from './types.js';

/** 335 MB of IPv4 entries and 64 MB of index: 3.5 million conversations stay inside 1 GB with room to spare. */
export const conversationsMaxDefault = 4_194_304;
/** More IPv4 entries than this and as many address pairs would not fit the 4 GiB that a wasm memory can address. */
export const conversationsMaxMost = 16_777_216;
/** 36 years; its multiples stay inside int64. */
export const intervalNsMost = 1n << 60n;

export const scanOptionsDefault: ScanOptions = {
  intervalNs: null,
  conversationsMax: conversationsMaxDefault,
  connection: null,
};

/** The words for every place that takes it, whatever it is called there. Throws USAGE. */
export function checkConversationsMax(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= conversationsMaxMost) return;
  throw new TriremeError('USAGE', `${name} '${value}' is not a whole number from 1 to ${conversationsMaxMost}`);
}

/** Throws USAGE for options that no scan can run on. */
export function checkOptions(options: ScanOptions): void {
  const { conversationsMax, intervalNs, hashSeed, filter, filterTags, span } = options;
  checkConversationsMax('conversationsMax', conversationsMax);
  if (intervalNs !== null && (!/^\d{1,20}$/.test(intervalNs) || !inRange(BigInt(intervalNs))))
    throw new TriremeError('USAGE', `interval of ${intervalNs} ns is outside 1 to ${intervalNsMost} ns`);
  if (hashSeed !== undefined && !(Number.isInteger(hashSeed) && hashSeed >= 0 && hashSeed < 2 ** 32))
    throw new TriremeError('USAGE', `hashSeed ${hashSeed} is outside 0 to 2^32 - 1`);
  if (filter !== undefined) filterOf(filter);
  checkTags(filterTags, filter);
  if (span !== undefined) spanNs(span);
  if (options.timeBase !== undefined && !isTimeBase(options.timeBase))
    throw new TriremeError('USAGE', `timeBase '${options.timeBase}' is no time in nanoseconds`);
}

/** Throws USAGE where tags are asked for that the filter is not shown. */
export function checkTags(filterTags: string | undefined, filter: string | undefined): void {
  if (filterTags === undefined) return;
  if (filterTags !== 'transparent')
    throw new TriremeError(
      'USAGE',
      `filter tags '${filterTags}': there is 'transparent'; leave it out for tcpdump's view`,
    );
  if (filter !== undefined && /\bvlan\b/.test(filter))
    throw new TriremeError(
      'USAGE',
      `the filter asks for 'vlan', and filter tags 'transparent' shows it packets without tags: leave out one of them`,
    );
}

const int64Least = -(1n << 63n);
const int64Most = (1n << 63n) - 1n;

/** A span as the kernel takes it: bounds from a base in ns since 1970, and bits 1 and 2 for those that are counted from the first packet. */
export function spanNs(
  { after, before, first }: TimeSpan,
  base = 0n,
): [after: bigint, before: bigint, relative: number] {
  const isRelative = (text: string | null): boolean => text?.startsWith('+') === true;
  const open = (text: string | null): boolean => first === undefined && isRelative(text);
  const bound = (text: string): bigint => {
    const ns = boundNs(text);
    if (open(text)) return ns;
    const time = ns - base + (isRelative(text) ? BigInt(first!) : 0n);
    return time > int64Most ? int64Most : time < int64Least ? int64Least : time;
  };
  return [
    after === null ? int64Least : bound(after),
    before === null ? int64Most : bound(before),
    (open(after) ? 1 : 0) | (open(before) ? 2 : 0),
  ];
}

function boundNs(text: string): bigint {
  if (!/^[+-]?\d{1,19}$/.test(text)) throw new TriremeError('USAGE', `'${text}' is no time in nanoseconds`);
  const ns = BigInt(text.replace('+', ''));
  if (ns < int64Least || ns > int64Most) throw new TriremeError('USAGE', `${text} ns is outside 64 bits`);
  return ns;
}

/** A time in ns that 128 bits hold. */
export const isTimeBase = (text: unknown): boolean => typeof text === 'string' && /^-?\d{1,38}$/.test(text);

const inRange = (ns: bigint): boolean => ns >= 1n && ns <= intervalNsMost;
