import type { KindUnits } from '../gen/trireme/v1/worker.js';

/** What the size of a job is counted in, as a kind says it. */
export type UnitsWord = 'bytes' | 'lines' | 'number' | 'jobs';

/** KindUnits of the wire, by value: the generated module brings gRPC along, 77 ms and 14 MB on every job thread. */
const Units = { JOBS: 1, BYTES: 2, LINES: 3, NUMBER: 4 } as const satisfies Partial<
  Record<keyof typeof KindUnits, KindUnits>
>;

const rules: Readonly<Record<UnitsWord, KindUnits>> = {
  bytes: Units.BYTES,
  lines: Units.LINES,
  number: Units.NUMBER,
  jobs: Units.JOBS,
};

export const unitsWords = Object.keys(rules) as readonly UnitsWord[];

export function unitsRule(word: UnitsWord): KindUnits {
  return rules[word];
}

/** Whether jobs differ in size by this rule. */
export function isSized(rule: KindUnits): boolean {
  return rule !== Units.JOBS;
}

/** What people call so many units; a rule of a later version counts bytes. */
export function unitsName(rule: KindUnits): string {
  if (rule === Units.LINES) return 'lines';
  if (rule === Units.NUMBER) return 'units';
  return rule === Units.JOBS ? 'jobs' : 'bytes';
}

/** A number that says how large a job is stands near its beginning. */
const numberWithinBytes = 256;

/** Larger numbers are no sizes, and sums of them would no longer be exact. */
const unitsMax = 1e12;

const newline = 0x0a;

/** How large a job with this payload is by the rule of its kind. */
export function unitsOfPayload(rule: KindUnits, payload: Uint8Array | null): number {
  if (rule === Units.JOBS) return 1;
  if (payload === null) return 0;
  if (rule === Units.LINES) return linesIn(payload);
  return rule === Units.NUMBER ? numberIn(payload) : payload.length;
}

/** Lines, the last with or without its newline. */
function linesIn(payload: Uint8Array): number {
  let lines = 0;
  for (let at = 0; at < payload.length; at++) if (payload[at] === newline) lines++;
  return payload.length > 0 && payload[payload.length - 1] !== newline ? lines + 1 : lines;
}

/** The first decimal number of a text; 0 when there is none. */
function numberIn(payload: Uint8Array): number {
  const { buffer, byteOffset, length } = payload;
  const text = Buffer.from(buffer, byteOffset, Math.min(length, numberWithinBytes)).toString('latin1');
  const number = Number(/\d+(?:\.\d+)?/.exec(text)?.[0] ?? 0);
  return Math.min(number, unitsMax);
}
