import { parentPort, workerData } from 'node:worker_threads';
import { loadRowWriter } from '../captures/scan/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { AnalyzeResult } from '../gen/trireme/v1/capture.js';
import { scanIntervalNs, type AskedReport, type ReportPiece } from '../pcap/asked-report.js';
import { topAll } from '../pcap/request.js';
import { jsonPieces } from '../pcap/rows/json-pieces.js';
import { csvDocument } from './csv-tables.js';
import { hasFacts, jsonDocument, type Entry } from './entry.js';
import { printedEntry, shownEntry, type KeptSettings } from './files/kept-entries.js';
import { pairsTable } from './files/pairs-table.js';
import { htmlDocument } from './html/document.js';
import type { KeptEntry } from './html/report-data.js';
import { namesTables } from './names-tables.js';
import { parseReport } from './parse-report.js';
import { topInFilesDefault } from './settings.js';
import { tableNames, type TableName } from './tables.js';

/** The table of CSV that says who talks to whom; it is summed from the others. */
const pairs = 'pairs';

/** The report of a finished analysis, in pieces: the bytes that `trireme analyze` gives of the same capture. */
export function reportOf({ file, sort, scan, result, form, table, top }: AskedReport): Iterable<string | Uint8Array> {
  const entry: Entry = { file, ...parseReport(AnalyzeResult.decode(result).reportJson) };
  // A series that was counted for the charts alone was not asked for.
  const intervalNs = scan.intervalNs === scanIntervalNs.toString() ? null : scan.intervalNs;
  const rows = top ?? (form === 'html' ? topInFilesDefault : topAll);
  const settings: KeptSettings = {
    ...{ top: rows, scan: { ...scan, intervalNs }, files: [file], resume: false, written: { top: rows } },
  };
  if (form === 'json')
    return jsonPieces(jsonDocument([hasFacts(entry) ? printedEntry(entry, settings) : entry]), loadRowWriter);
  const kept: KeptEntry = hasFacts(entry) ? shownEntry(entry, settings) : { entry, pairs: [], matrix: null };
  if (form === 'html') return htmlDocument([kept], sort);
  if (table === pairs) return pairsTable([kept]);
  checkTable(table, entry);
  return csvDocument(table as TableName, [kept.entry]);
}

/** A table of what was not counted would have no rows. @throws TriremeError USAGE */
function checkTable(table: string, entry: Entry): void {
  if (!(tableNames as readonly string[]).includes(table))
    throw new TriremeError('USAGE', `'${table}' is no table: there are ${[...tableNames, pairs].join(', ')}`);
  if (!hasFacts(entry)) return;
  const missing = (table === 'tcp' && entry.tcp === undefined) || (table in namesTables && entry.names === undefined);
  if (missing)
    throw new TriremeError(
      'USAGE',
      `this analysis did not count what the table '${table}' tells: ask with tcp or names`,
    );
}

/** Bytes that are handed over at once: a row each would cost more than the row. */
const pieceBytes = 64 * 1024;

function* pieces(document: Iterable<string | Uint8Array>): Generator<Uint8Array<ArrayBuffer>> {
  let held: Buffer[] = [];
  let bytes = 0;
  for (const each of document) {
    // What bytes of a table come in is used again.
    const piece = Buffer.from(each as string);
    held.push(piece);
    bytes += piece.length;
    if (bytes < pieceBytes) continue;
    yield Uint8Array.from(Buffer.concat(held));
    [held, bytes] = [[], 0];
  }
  yield Uint8Array.from(Buffer.concat(held));
}

/** Thread that makes one report, as fast as it is asked for more. */
if (parentPort !== null) {
  const port = parentPort;
  let left: Iterator<Uint8Array<ArrayBuffer>> | null = null;
  const next = (): ReportPiece => {
    try {
      left ??= pieces(reportOf(workerData as AskedReport));
      const { done, value } = left.next();
      return done === true ? { event: 'end' } : { event: 'piece', bytes: value };
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      return { event: 'failed', code, message };
    }
  };
  port.on('message', () => {
    const piece = next();
    port.postMessage(piece, piece.event === 'piece' ? [piece.bytes.buffer as ArrayBuffer] : []);
  });
}
