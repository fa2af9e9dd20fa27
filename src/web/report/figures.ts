import type { Count } from '../../pcap/types.js';
import { formatBytes, formatSeconds, formatShare } from '../format.js';

/** A count as the page holds it: text where it is past 2^53. */
export type Figure = Count | string;

/** Every digit, in groups of three. */
export function exact(value: Figure): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** For bars, colours and shares, which need no last digit. */
export function approximate(value: Figure): number {
  return Number(value);
}

/** Ascending order of counts. */
export function compareFigures(x: Figure, y: Figure): number {
  const difference = Number(x) - Number(y);
  return Number.isSafeInteger(difference) || difference === 0 ? difference : Number(BigInt(x) - BigInt(y));
}

const perSecond = 1_000_000_000n;

/** Nanoseconds since 1970 in decimal as UTC with its nanoseconds; in seconds where the calendar of Date ends. */
export function moment(ns: string): string {
  const value = BigInt(ns);
  const fraction = ((value % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((value - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime())) return `${(value - fraction) / perSecond} s since 1970`;
  const digits = fraction.toString().padStart(9, '0').replace(/0+$/, '');
  // Years of more than four digits come as +045176.
  const text = date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace('T', ' ')
    .replace(/^\+0*/, '');
  return `${text}${digits === '' ? '' : `.${digits}`} UTC`;
}

/** Seconds from one time to another; exact to the nanosecond for any span that a Date can hold. */
export function secondsBetween(fromNs: string, toNs: string): number {
  return Number(BigInt(toNs) - BigInt(fromNs)) / 1e9;
}

/** A span of time; whole minutes, hours and days without the zero behind them. */
export function span(seconds: number): string {
  return formatSeconds(seconds).replace(/ 0 (s|min|h)$/, '');
}

/** Traffic in a second, in bits or bytes; a dash where no time passes. */
export function rateText(bitsPerSecond: Figure | null | undefined, bits: boolean): string {
  if (bitsPerSecond === null || bitsPerSecond === undefined) return '–';
  const bytes = formatBytes(approximate(bitsPerSecond) / (bits ? 1 : 8));
  return `${bits ? bytes.replace('B', 'bit') : bytes}/s`;
}

/** A part of one in percent; what is there is never told as nothing. */
export function shareOf(part: Figure, whole: Figure): string {
  const share = approximate(whole) === 0 ? 0 : approximate(part) / approximate(whole);
  return share > 0 && share < 0.0005 ? '< 0.1 %' : formatShare(share);
}
