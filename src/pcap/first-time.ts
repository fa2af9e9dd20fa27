import type { ScanOptions, TimeSpan } from './types.js';

const dayNs = 86_400_000_000_000n;

/**
 * What the times of a capture are counted from whose first time this is: 1970, or where it does not fit int64
 * ns the midnight before it. As assembly/clock.ts has it. In ns since 1970 in decimal.
 */
export function timeBaseOf(firstNs: string | null): string {
  const first = BigInt(firstNs ?? 0);
  if (BigInt.asIntN(64, first) === first) return '0';
  const rest = ((first % dayNs) + dayNs) % dayNs;
  return (first - rest).toString();
}

/** Whether bounds are counted from the first packet, whose time is not known yet. */
export function needsFirst(span: TimeSpan | undefined): span is TimeSpan {
  return span !== undefined && [span.after, span.before].some((bound) => bound?.startsWith('+') === true);
}

/** Whether such bounds are still to be found: then one scan goes through all, from the start. */
export function isOpen(span: TimeSpan | undefined): boolean {
  return needsFirst(span) && span.first === undefined;
}

/** What every part of a capture must know of its first time, where it does not begin with it. */
export function knowingFirst<Scan extends Pick<ScanOptions, 'span'>>(scan: Scan, firstNs: string | null): Scan {
  const { span } = scan;
  const timed = { ...scan, timeBase: timeBaseOf(firstNs) };
  return needsFirst(span) && firstNs !== null ? { ...timed, span: { ...span, first: firstNs } } : timed;
}
