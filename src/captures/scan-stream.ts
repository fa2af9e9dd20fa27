import { ChunkScanner } from '../pcap/chunk-scanner.js';
import { wholeFilePlan } from '../pcap/chunk-plans.js';
import type { ByteStream } from './byte-reader.js';
import { inflate } from './byte-stream.js';
import { capturedIn, type CaptureEntry } from './capture-entry.js';
import type { Compression } from './compression.js';
import { pourStream } from './pour.js';
import { loadScanModule } from './scan-module.js';
import type { ScanSettings } from './scan-settings.js';

/** Scans bytes that come in order: a pipe, or a compressed file, which cannot be split. */
export async function scanStream(
  stream: ByteStream,
  compression: Compression | null,
  { scan, top, sort, packedRows }: Pick<ScanSettings, 'scan' | 'top' | 'sort' | 'packedRows'>,
): Promise<CaptureEntry> {
  const unpacked = inflate(stream, compression);
  const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, scan);
  await pourStream(unpacked.bytes, scanner);
  const outcome = unpacked.outcome();
  const report = scanner.report({
    top,
    sort,
    packedRows,
    compression: compression ?? 'none',
    inputCut: outcome.truncated,
  });
  return capturedIn(report, compression, outcome);
}
