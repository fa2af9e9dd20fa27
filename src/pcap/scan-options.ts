import { TriremeError } from '../common/errors.js';
import type { ScanOptions } from './types.js';

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

/** Throws USAGE for options that no scan can run on. */
export function checkOptions(options: ScanOptions): void {
  const { conversationsMax, intervalNs, hashSeed } = options;
  if (!Number.isInteger(conversationsMax) || conversationsMax < 1 || conversationsMax > conversationsMaxMost)
    throw new TriremeError('USAGE', `conversationsMax ${conversationsMax} is outside 1 to ${conversationsMaxMost}`);
  if (intervalNs !== null && (!/^\d{1,20}$/.test(intervalNs) || !inRange(BigInt(intervalNs))))
    throw new TriremeError('USAGE', `interval of ${intervalNs} ns is outside 1 to ${intervalNsMost} ns`);
  if (hashSeed !== undefined && !(Number.isInteger(hashSeed) && hashSeed >= 0 && hashSeed < 2 ** 32))
    throw new TriremeError('USAGE', `hashSeed ${hashSeed} is outside 0 to 2^32 - 1`);
}

const inRange = (ns: bigint): boolean => ns >= 1n && ns <= intervalNsMost;
