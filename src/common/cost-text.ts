/** What a kind costs on one worker: `fixedSeconds + secondsPerUnit * units`. */
export interface CostLine {
  readonly fixedSeconds: number;
  readonly secondsPerUnit: number;
  /** What a unit is called, in the plural. */
  readonly unit: string;
}

/** A byte takes so little that a million of them is the measure. */
const bytesShown = 1e6;

/** A cost for people: `12.3 us`, or `1.20 ms + 3.41 ms/MB`. A part that is nothing is left out. */
export function costText({ fixedSeconds, secondsPerUnit, unit }: CostLine): string {
  if (unit === 'jobs') return shortSeconds(fixedSeconds + secondsPerUnit);
  const perUnit =
    unit === 'bytes'
      ? `${shortSeconds(secondsPerUnit * bytesShown)}/MB`
      : `${shortSeconds(secondsPerUnit)}/${one(unit)}`;
  if (!(fixedSeconds > 0)) return perUnit;
  return secondsPerUnit > 0 ? `${shortSeconds(fixedSeconds)} + ${perUnit}` : shortSeconds(fixedSeconds);
}

/** What several kinds cost, `most` of them by name and the others counted; empty: there are none. */
export function costsText(kinds: readonly (CostLine & { readonly name: string })[], most: number): string {
  const shown = kinds.slice(0, most).map((kind) => `${kind.name} ${costText(kind)}`);
  if (kinds.length > most) shown.push(`${kinds.length - most} more`);
  return shown.join(', ');
}

/** Three digits and a unit, down to nanoseconds. */
export function shortSeconds(value: number): string {
  if (!(value > 0)) return '0 s';
  if (value < 0.9995e-6) return `${(value * 1e9).toPrecision(3)} ns`;
  if (value < 0.9995e-3) return `${(value * 1e6).toPrecision(3)} us`;
  if (value < 0.9995) return `${(value * 1e3).toPrecision(3)} ms`;
  return `${Number(value.toPrecision(3))} s`;
}

function one(unit: string): string {
  return unit.replace(/s$/, '');
}
