import { secondsText } from '../common/time-text.js';
import type { Count } from '../pcap/types.js';

/** How numbers are written for people: raw by default, with units when they ask. */
export interface Units {
  count(value: Count): string;
  bytes(value: Count): string;
  /** A span of nanoseconds. */
  span(ns: bigint): string;
  /** Traffic in a second, told in bits or bytes. */
  rate(bitsPerSecond: number): string;
  /** How rates are told at the head of a column. */
  readonly rateUnit: string;
}

/** Units for people or raw numbers, and rates in bits or bytes. */
export function unitsFor(human: boolean, bits: boolean): Units {
  if (human)
    return bits ? { ...humanUnits, rate: (value) => `${humanSize(value, 'bit')}/s`, rateUnit: '' } : humanUnits;
  return bits ? { ...rawUnits, rate: (value) => String(Math.round(value)), rateUnit: ' bit/s' } : rawUnits;
}

export const rawUnits: Units = {
  count: (value) => value.toString(),
  bytes: (value) => value.toString(),
  span: (ns) => secondsText(ns),
  rate: (bitsPerSecond) => String(Math.round(bitsPerSecond / 8)),
  rateUnit: ' B/s',
};

export const humanUnits: Units = {
  count: (value) => value.toString().replace(/\B(?=(\d{3})+$)/g, ','),
  bytes: humanBytes,
  span: humanSpan,
  rate: (bitsPerSecond) => `${humanSize(bitsPerSecond / 8, 'B')}/s`,
  rateUnit: '',
};

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** Decimal units, three digits: 999 B, 1.23 kB, 45.6 MB. */
export function humanBytes(value: Count): string {
  return humanSize(Number(value), 'B');
}

function humanSize(value: number, unit: string): string {
  let size = value;
  let prefix = 0;
  while (size >= 999.5 && prefix < prefixes.length - 1) {
    size /= 1000;
    prefix++;
  }
  if (prefix === 0) return `${trim(size)} ${unit}`;
  return `${size.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2)} ${prefixes[prefix]}${unit}`;
}

/** 250 us, 1.5 s, 4m 58s, 3h 20m, 12d 4h: the two largest units. */
export function humanSpan(ns: bigint): string {
  if (ns < 0n) return `-${humanSpan(-ns)}`;
  if (ns < 1_000n) return `${ns} ns`;
  if (ns < 1_000_000n) return `${trim(Number(ns) / 1e3)} us`;
  if (ns < 1_000_000_000n) return `${trim(Number(ns) / 1e6)} ms`;
  const seconds = ns / 1_000_000_000n;
  if (seconds < 60n) return `${trim(Number(ns) / 1e9)} s`;
  if (seconds < 3_600n) return `${seconds / 60n}m ${seconds % 60n}s`;
  if (seconds < 86_400n) return `${seconds / 3_600n}h ${(seconds / 60n) % 60n}m`;
  return `${seconds / 86_400n}d ${(seconds / 3_600n) % 24n}h`;
}

const trim = (value: number): string => String(Number(value.toPrecision(3)));
