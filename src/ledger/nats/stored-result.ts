import { crc32 } from 'node:zlib';
import type { ObjectStore } from '@nats-io/obj';
import { missingMsMax } from './absence.js';
import { rewrittenMsMax } from './store-keeper.js';
import { pause, retryMs, type NatsLink } from '../../nats/nats-link.js';
import { readObject } from './stored-object.js';
import type { FoundRecord } from './stored-record.js';

/**
 * While NATS is being mended, a result is looked for as long as this: a cluster that has lost its leaders takes half a
 * minute.
 */
const resultMissingMsMax = 60_000;

/**
 * The result of a done analysis; null: there is none, or it is not what the record says. That it is not there is
 * believed only after missingMsMax: a server that has just come back may not have caught up, and what it has lost may
 * be written again.
 * @param find the record at NATS
 * @param isKnown whether this master knows the analysis, so that its record will be there again
 * @param wellForMs since when nothing is known to be lost and about to be written again
 */
export async function readResult(
  results: ObjectStore,
  link: NatsLink,
  find: () => Promise<FoundRecord | 'removed' | null>,
  isKnown: () => boolean,
  wellForMs: () => number,
): Promise<Uint8Array | null> {
  for (const sinceMs = performance.now(); ; await pause(retryMs)) {
    const found = await link.once(find);
    if (found === 'removed' || (found === null && !isKnown())) return null;
    const facts = found?.record.result ?? null;
    if (found !== null && facts === null) return null;
    if (found !== null && facts !== null) {
      const bytes = await link.once(() => readObject(results, found.resultObject, () => link.trouble !== null));
      if (bytes !== null && bytes.length === facts.bytes && crc32(bytes) === facts.crc32) return bytes;
    }
    const waitedMs = performance.now() - sinceMs;
    const believed = waitedMs > missingMsMax && wellForMs() > rewrittenMsMax;
    if (believed || waitedMs > resultMissingMsMax || link.over) return null;
  }
}
