import { loadRowWriter } from '../captures/scan-module.js';
import { jsonPieces } from '../pcap/rows/json-pieces.js';
import { totalOf } from '../pcap/report-total.js';
import type { CaptureTotal } from '../pcap/report-types.js';
import { csvDocument } from './csv-tables.js';
import { hasFacts, type Entry } from './entry.js';
import type { AnalyzeSettings } from './settings.js';
import { textDocument } from './text-report.js';
import { unitsFor } from './units.js';

/** Version of the JSON document. Fields may be added to it; a change of meaning or a field that goes is a new one. */
const schemaVersion = 1;

/** The whole standard output of an analysis, in pieces. Nothing in it tells which mode, machine or time made it. */
export function documentOf(
  entries: readonly Entry[],
  { output, human, bits, sort }: Pick<AnalyzeSettings, 'output' | 'human' | 'bits' | 'sort'>,
): Iterable<string | Uint8Array> {
  if (output.form === 'json') return jsonPieces(jsonDocument(entries), loadRowWriter);
  if (output.form === 'csv') return csvDocument(output.table, entries);
  const framed = process.stdout.isTTY === true;
  return [textDocument(entries, total(entries), { units: unitsFor(human, bits), framed, sort })];
}

/** What --json prints, before it is text. */
export function jsonDocument(entries: readonly Entry[]): JsonDocument {
  return { schemaVersion, results: entries, total: total(entries) };
}

export interface JsonDocument {
  readonly schemaVersion: number;
  readonly results: readonly Entry[];
  readonly total: CaptureTotal;
}

function total(entries: readonly Entry[]): CaptureTotal {
  const without = entries.filter((entry) => !hasFacts(entry));
  return totalOf(
    entries.filter(hasFacts),
    without.reduce((files, entry) => files + (entry.files?.length ?? 1), 0),
  );
}
