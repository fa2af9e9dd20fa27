import { TriremeError } from '../common/errors.js';
import { filterOf } from './filter-functions.js';
import {
  checkConversationsMax,
  checkInterval,
  checkTags,
  checkTime,
  conversationsMaxDefault,
  timeNsMax,
  timeNsMin,
} from './request.js';
import type { ScanOptions, TimeSpan } from './types.js';

export const scanOptionsDefault: ScanOptions = {
  intervalNs: null,
  conversationsMax: conversationsMaxDefault,
  connection: null,
};

/** Whether what is told of a packet depends on those before it: then all of a capture is read, in its order. */
export const goesByOrder = ({ tcp, names }: ScanOptions): boolean => tcp === true || names === true;

/** Whether an index may spare some of the reading. */
export const mayUseIndex = (scan: ScanOptions): boolean =>
  (scan.filter !== undefined || scan.span !== undefined) && !goesByOrder(scan);

/** Throws USAGE for options that no scan can run on. */
export function checkOptions(options: ScanOptions): void {
  const { conversationsMax, intervalNs, hashSeed, filter, filterTags, span } = options;
  checkConversationsMax('conversationsMax', conversationsMax, options.tcp);
  if (intervalNs !== null) {
    if (!/^\d{1,20}$/.test(intervalNs)) throw new TriremeError('USAGE', `interval '${intervalNs}' is no number of ns`);
    checkInterval('interval', BigInt(intervalNs));
  }
  if (hashSeed !== undefined && !(Number.isInteger(hashSeed) && hashSeed >= 0 && hashSeed < 2 ** 32))
    throw new TriremeError('USAGE', `hashSeed ${hashSeed} is outside 0 to 2^32 - 1`);
  if (filter !== undefined) filterOf(filter);
  checkTags(filterTags, filter);
  if (span !== undefined) spanNs(span);
  if (options.timeBase !== undefined && !isTimeBase(options.timeBase))
    throw new TriremeError('USAGE', `timeBase '${options.timeBase}' is no time in nanoseconds`);
}

/**
 * A span as the kernel takes it: bounds from a base in ns since 1970, and bits 1 and 2 for those that are
 * counted from the first packet.
 */
export function spanNs(
  { after, before, first }: TimeSpan,
  base = 0n,
): [after: bigint, before: bigint, relative: number] {
  const isRelative = (text: string | null): boolean => text?.startsWith('+') === true;
  const open = (text: string | null): boolean => first === undefined && isRelative(text);
  const bound = (text: string): bigint => {
    const ns = checkTime('span', text);
    if (open(text)) return ns;
    const time = ns - base + (isRelative(text) ? BigInt(first!) : 0n);
    return time > timeNsMax ? timeNsMax : time < timeNsMin ? timeNsMin : time;
  };
  return [
    after === null ? timeNsMin : bound(after),
    before === null ? timeNsMax : bound(before),
    (open(after) ? 1 : 0) | (open(before) ? 2 : 0),
  ];
}

/** A time in ns that 128 bits hold. */
export const isTimeBase = (text: unknown): boolean => typeof text === 'string' && /^-?\d{1,38}$/.test(text);
