import { loadRowWriter } from '../captures/scan/scan-module.js';
import { jsonPieces } from '../pcap/rows/json-pieces.js';
import { csvDocument } from './csv-tables.js';
import { type Entry, jsonDocument } from './entry.js';
import type { AnalyzeSettings } from './settings.js';
import { textDocument } from './text-report.js';
import { unitsFor } from './units.js';

/** The whole standard output of an analysis, in pieces. Nothing in it tells which mode, machine or time made it. */
export function documentOf(
  entries: readonly Entry[],
  { output, human, bits, sort }: Pick<AnalyzeSettings, 'output' | 'human' | 'bits' | 'sort'>,
): Iterable<string | Uint8Array> {
  if (output.form === 'json') return jsonPieces(jsonDocument(entries), loadRowWriter);
  if (output.form === 'csv') return csvDocument(output.table, entries);
  const framed = process.stdout.isTTY === true;
  return [textDocument(entries, jsonDocument(entries).total, { units: unitsFor(human, bits), framed, sort })];
}
