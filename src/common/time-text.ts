// Times as text, exact to the nanosecond.

/** Nanoseconds as seconds with all nine digits, so that columns align and nothing is rounded. */
export function secondsText(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const positive = ns < 0n ? -ns : ns;
  return `${sign}${positive / 1_000_000_000n}.${(positive % 1_000_000_000n).toString().padStart(9, '0')}`;
}

/** Largest distance from 1970 that a Date can hold, in ms. */
const dateMsMax = 8_640_000_000_000_000n;

/** Nanoseconds since 1970 as UTC with all nine digits; as plain seconds where the calendar of Date ends. */
export function timeText(ns: string): string {
  const value = BigInt(ns);
  const fraction = ((value % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const ms = ((value - fraction) / 1_000_000_000n) * 1000n;
  if (ms > dateMsMax || ms < -dateMsMax) return `${secondsText(value)} s since 1970`;
  return new Date(Number(ms)).toISOString().replace('.000Z', `.${fraction.toString().padStart(9, '0')}Z`);
}

/**
 * The same without zeros behind its last digit, for sentences and for options such as `--after`, which read it again:
 * 2026-11-30T14:03:00Z.
 */
export function shortTime(ns: string): string {
  return timeText(ns).replace(/\.?0+Z$/, 'Z');
}
