import { TriremeError } from '../common/errors.js';
import type { Asked } from './request.js';
import type { TimeSpan } from './types.js';

/** How a request to a master says from when to when packets count: in ns since 1970, or from the first packet. */
export interface TimeBounds {
  readonly afterNs?: bigint;
  readonly beforeNs?: bigint;
  readonly afterFirstNs?: bigint;
  readonly beforeFirstNs?: bigint;
}

/** The bounds as they are asked for and checked later. @throws TriremeError USAGE where one is given twice */
export function spanOf({
  afterNs,
  beforeNs,
  afterFirstNs,
  beforeFirstNs,
}: TimeBounds): Pick<Asked, 'after' | 'before'> {
  return { after: boundOf('after', afterNs, afterFirstNs), before: boundOf('before', beforeNs, beforeFirstNs) };
}

function boundOf(which: string, ns: bigint | undefined, fromFirst: bigint | undefined): string | undefined {
  if (fromFirst === undefined) return ns?.toString();
  if (ns !== undefined)
    throw new TriremeError('USAGE', `${which}_ns and ${which}_first_ns are two bounds of one kind: give one of them`);
  return `+${fromFirst}`;
}

/** The same span as a request says it. */
export function boundsOf(span: TimeSpan | undefined): TimeBounds {
  const absolute = (bound: string | null | undefined) =>
    bound == null || bound.startsWith('+') ? undefined : BigInt(bound);
  const fromFirst = (bound: string | null | undefined) =>
    bound?.startsWith('+') === true ? BigInt(bound.slice(1)) : undefined;
  return {
    afterNs: absolute(span?.after),
    beforeNs: absolute(span?.before),
    afterFirstNs: fromFirst(span?.after),
    beforeFirstNs: fromFirst(span?.before),
  };
}
