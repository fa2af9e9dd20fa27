import { SelectedScanner } from '../../pcap/pieces/selected-scanner.js';
import { bytesOf, selectPieces, type Selection } from '../../pcap/pieces/select-pieces.js';
import type { CaptureFile } from '../file/capture-file.js';
import { withFirstPacket } from '../scan/first-packet.js';
import { FilePour } from '../file/pour.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings, WholeScan } from '../scan/scan-settings.js';
import { indexBeside } from './index-beside.js';

/**
 * Scans the pieces of a file in which packets can match, where an index beside it tells. Null: the whole file is to be
 * scanned, because there is no index that can be used, or all threads together are faster without it.
 */
export function scanSelected(file: CaptureFile, sizeBytes: number, settings: ScanSettings): WholeScan | null {
  const beside = indexBeside(file);
  if (beside === null) return null;
  if ('note' in beside) return ignore(settings, beside.note);
  const known = withFirstPacket(file.fd, settings);
  const selection = known === null ? null : selectPieces(beside.index, known.scan);
  if (known === null || selection === null || selection.piecesRead === selection.pieces) return null;
  if (bytesOf(selection, sizeBytes) > sizeBytes / settings.threadsMax) return null;
  const scanner = new SelectedScanner(loadScanModule(), known.scan, selection.skipped);
  if (!pourRuns(file, sizeBytes, selection, scanner, settings)) {
    scanner.cancel();
    return ignore(
      settings,
      `the index of ${file.name} does not fit it, so all of it is read; make it anew with trireme index`,
    );
  }
  settings.index?.onNote(selectionText(file.name, selection, sizeBytes));
  return scanner;
}

function ignore({ index }: ScanSettings, note: string): null {
  index?.onNote(note);
  return null;
}

/** False: the file is not as it was indexed. */
function pourRuns(
  { fd }: CaptureFile,
  sizeBytes: number,
  { runs }: Selection,
  scanner: SelectedScanner,
  { onProgress }: ScanSettings,
): boolean {
  for (const run of runs) {
    scanner.begin(run);
    const pour = new FilePour(fd, scanner, run.start, run.end ?? sizeBytes);
    pour.all(() => onProgress?.(pour.position, sizeBytes));
    if (!scanner.endRun()) return false;
  }
  return true;
}

/** How much of a capture was read, in words. */
export function selectionText(name: string, selection: Selection, sizeBytes: number): string {
  const { piecesRead, pieces } = selection;
  return `${name}: ${bytesOf(selection, sizeBytes)} of ${sizeBytes} bytes read by its index (${piecesRead} of ${pieces} pieces)`;
}
