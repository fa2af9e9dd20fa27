import type { CaptureReport } from '../../src/pcap/report-types.js';
import { toCanonicalJson } from '../../src/pcap/rows/json-pieces.js';
import { oracleOfCapture } from './oracle/index.js';

type Row = Record<string, unknown>;

function numbers(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(numbers);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, numbers(entry)]));
}

/** The fields of `result` that the report tells, with plain numbers; the oracle's answer decides which are compared. */
export function comparable(report: CaptureReport, oracle: object): Row {
  const all = numbers(report) as Row;
  return Object.fromEntries(Object.keys(oracle).map((key) => [key, all[key]]));
}

/**
 * Takes the times of conversations away: those outside the int64 range of ns (the years 1677 to 2262) are kept at its
 * ends, and the report says how many. The times of the whole capture are exact all the same.
 */
function withoutTimes(result: object): void {
  const { top } = result as { top: Row[] };
  for (const row of top) {
    delete row.first_ns;
    delete row.last_ns;
  }
}

/** Takes the rates of conversations away, once each is what its bytes and times make. */
export function takeRates({ top = [] }: { readonly top?: Row[] }): void {
  for (const row of top) {
    const timed = row.first_ns !== null && row.last_ns !== null;
    const ns = timed ? BigInt(row.last_ns as string) - BigInt(row.first_ns as string) : 0n;
    const rate = ns <= 0n ? null : Number((BigInt(row.bytes as number) * 8_000_000_000n) / ns);
    expect(row.bits_per_second).toBe(rate);
    delete row.bits_per_second;
  }
}

/** Fails, naming the fields, unless the report of these unpacked bytes says what the oracle says. */
export function expectOracle(report: CaptureReport, capture: Uint8Array): void {
  const oracle = oracleOfCapture(capture);
  const found = comparable(report, oracle);
  takeRates(found);
  if ('packets_time_saturated' in report) withoutTimes(found);
  if ('packets_time_saturated' in report) withoutTimes(oracle);
  expect(found).toEqual(oracle);
  if (oracle.error === 'not-a-capture') expect(Object.keys(report).sort()).toEqual(['error', 'error_detail']);
}

/** The text of a reference, which many reports are compared with. */
const texts = new WeakMap<CaptureReport, string>();

/** Fails unless two reports are the same bytes of JSON. */
export function expectSameBytes(report: CaptureReport, reference: CaptureReport): void {
  const ours = toCanonicalJson(report);
  const theirs = texts.get(reference) ?? toCanonicalJson(reference);
  texts.set(reference, theirs);
  if (ours !== theirs) expect(JSON.parse(ours)).toEqual(JSON.parse(theirs));
  expect(ours).toBe(theirs);
}
