import { isFinal, type AnalysisRecord } from '../types.js';
import { settleMs } from './lease-times.js';

/** What NATS has of an analysis; null: nothing, not even that it was removed. */
export type AtStore = AnalysisRecord | 'removed' | null;

export interface RemedyFacts {
  /** What this master knows of the analysis; null: nothing. Its own leases are mended by themselves. */
  readonly known: AnalysisRecord | null;
  readonly at: AtStore;
  /** Of a done one: the bytes of its result can still be had. */
  readonly resultThere: boolean;
  /** Milliseconds since the loss was noticed: another master may know more, and has settleMs to write it. */
  readonly waitedMs: number;
  /** It is older than what is kept. */
  readonly expired: boolean;
}

/**
 * BELIEVE: what NATS has is right. WRITE: what is known is written there again. FORGET: it is over. WAIT: look again.
 */
export type Remedy = 'nothing' | 'believe' | 'write' | 'forget' | 'wait';

/**
 * What to do about an analysis after NATS may have lost acknowledged writes. An outcome that is known is written again.
 * What has not ended goes on from what NATS has of it, or waits anew if that is nothing; a master that runs it knows
 * best and is given time to say so. A done one whose result nobody has is run again, if NATS knows how, or stays as an
 * outcome without a result, which is an error to those who ask for it.
 */
export function remedyOf({ known, at, resultThere, waitedMs, expired }: RemedyFacts): Remedy {
  if (at === 'removed') return 'forget';
  if (known === null) return at === null ? 'nothing' : 'believe';
  const waited = waitedMs >= settleMs;
  if (at !== null) {
    if (isFinal(at) || !isFinal(known)) return 'believe';
    if (known.state !== 'done' || resultThere) return 'write';
    return waited ? 'believe' : 'wait';
  }
  if (expired) return 'forget';
  const othersMayKnowMore = known.state === 'running' || (known.state === 'done' && !resultThere);
  return othersMayKnowMore && !waited ? 'wait' : 'write';
}
