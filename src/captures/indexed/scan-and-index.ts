import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../pcap/chunk-plans.js';
import type { Outcome } from '../../pcap/report.js';
import { scanOptionsDefault } from '../../pcap/scan-options.js';
import type { CaptureReport } from '../../pcap/report-types.js';
import type { PieceIndex } from '../../pcap/pieces/piece-index.js';
import type { ReportOptions } from '../../pcap/types.js';
import { TriremeError } from '../../common/errors.js';
import type { CaptureFile } from '../file/capture-file.js';
import { compressionOf, firstBytesMax } from '../packed/compression.js';
import { FilePour } from '../file/pour.js';
import { readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings } from '../scan/scan-settings.js';
import { indexBytesFor } from './index-beside.js';

/** Scans a file that is not packed on this thread, and makes its index on the way. */
export function scanAndIndex(file: CaptureFile, settings: ScanSettings, options: ReportOptions): CaptureReport {
  const scanner = pour(file, settings, false);
  const report = scanner.report(options);
  // Of one that is appended to it would be stale at once.
  if (report.error !== 'not-a-capture' && !file.hasGrown()) settings.index?.onMade(indexBytesFor(file, scanner.index));
  return report;
}

export interface MadeIndex {
  /** The bytes of FILE.tridx. */
  readonly bytes: Buffer;
  readonly index: PieceIndex;
  readonly outcome: Outcome;
}

/**
 * Reads a file for its index alone.
 * @throws TriremeError USAGE for what has none, NOT_A_CAPTURE, and FILE_CHANGED when it is written to meanwhile
 */
export function makeIndex(file: CaptureFile, onProgress?: ScanSettings['onProgress']): MadeIndex {
  const why = notIndexed(file);
  if (why !== null) throw new TriremeError('USAGE', `${file.name} ${why}`);
  const scanner = pour(file, { scan: { ...scanOptionsDefault, conversationsMax: 1 }, onProgress }, true);
  const { end, endState, cut, damage, notACapture } = scanner.end();
  if (notACapture !== null) throw new TriremeError('NOT_A_CAPTURE', `${file.name}: ${notACapture}`);
  file.checkUnchanged();
  const { index } = scanner;
  return { bytes: indexBytesFor(file, index), index, outcome: { end, endState, cut, damage, notACapture } };
}

/** Why a capture gets no index, behind its name; null: it gets one. */
export function notIndexed({ fd, sizeBytes }: CaptureFile): string | null {
  if (sizeBytes === null) return 'is read in order alone, so it has no index: write it into a file first';
  const packed = compressionOf(readRange(fd, 0, firstBytesMax));
  return packed === null ? null : `is packed with ${packed}, so it has no index: unpack it first`;
}

function pour(
  { fd, sizeBytes }: CaptureFile,
  { scan, onProgress }: Pick<ScanSettings, 'scan' | 'onProgress'>,
  only: boolean,
): ChunkScanner {
  const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, scan);
  scanner.keepIndex(only);
  const file = new FilePour(fd, scanner, 0, sizeBytes!);
  file.all(() => onProgress?.(file.position, sizeBytes));
  return scanner;
}
