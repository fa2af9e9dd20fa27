/** Numbers as people read them. Every function takes base units: seconds, bytes, counts. */

const notKnown = '–';

/** Three significant digits, without exponents: 1234567 is `1.23 M`. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return notKnown;
  const size = Math.abs(value);
  if (size < 10_000) return Number.isInteger(value) ? String(value) : trim(value, size);
  for (const [unit, factor] of countUnits) if (size >= factor) return `${trim(value / factor, size / factor)} ${unit}`;
  return String(value);
}

const countUnits: readonly (readonly [string, number])[] = [
  ['G', 1e9],
  ['M', 1e6],
  ['k', 1e3],
];

/** `12.3 µs`, `4.5 ms`, `1.2 s`, `3 min 20 s`. */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return notKnown;
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${trim(seconds * 1e9, size * 1e9)} ns`;
  if (size < 1e-3) return `${trim(seconds * 1e6, size * 1e6)} µs`;
  if (size < 1) return `${trim(seconds * 1e3, size * 1e3)} ms`;
  if (size < 100) return `${trim(seconds, size)} s`;
  return formatSpan(seconds);
}

/** Whole units, the two largest: `3 min 20 s`, `2 h 5 min`, `4 d 1 h`. */
export function formatSpan(seconds: number): string {
  if (!Number.isFinite(seconds)) return notKnown;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

/** `1.5 GB`, powers of ten. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return notKnown;
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  for (const [unit, factor] of byteUnits) if (bytes >= factor) return `${trim(bytes / factor, bytes / factor)} ${unit}`;
  return notKnown;
}

const byteUnits: readonly (readonly [string, number])[] = [
  ['PB', 1e15],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
];

/** Share of one as whole percent; small shares keep a digit. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return notKnown;
  const percent = share * 100;
  return `${percent !== 0 && Math.abs(percent) < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Time of day, 24 hours, in the viewer's zone. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

function trim(value: number, size: number): string {
  if (size >= 100) return value.toFixed(0);
  return String(Number(value.toFixed(size >= 10 ? 1 : 2)));
}
