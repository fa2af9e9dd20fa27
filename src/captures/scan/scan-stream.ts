import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { wholeFilePlan } from '../../pcap/chunk-plans.js';
import type { ReportOptions, ScanOptions } from '../../pcap/types.js';
import type { ByteStream } from '../file/byte-reader.js';
import { capturedIn, notCut, type CaptureEntry } from './capture-entry.js';
import type { Compression } from '../packed/compression.js';
import { inflate } from '../packed/inflate-bound.js';
import { soundOutcome, type Inflated } from '../packed/inflated.js';
import { tellSoFar } from './live-stream.js';
import { pourStream } from '../file/pour.js';
import { loadScanModule } from './scan-module.js';
import type { InputSettings, ScanSettings } from './scan-settings.js';

type StreamSettings = Pick<ScanSettings, 'scan' | 'top' | 'sort' | 'packedRows' | 'input'>;

/** Scans bytes that come in order: a pipe, or a compressed file. */
export function scanStream(
  stream: ByteStream,
  compression: Compression | null,
  settings: StreamSettings,
): Promise<CaptureEntry> {
  return scanInflated(inflate(stream, compression), compression, settings);
}

/** The same of bytes that are inflated already. */
export async function scanInflated(
  unpacked: Inflated,
  compression: Compression | null,
  { scan, top, sort, packedRows, input }: StreamSettings,
): Promise<CaptureEntry> {
  const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, scan);
  const asked = { top, sort, packedRows, compression: compression ?? ('none' as const) };
  const tellEnds = input === undefined ? null : tellsOf(input, scanner, compression, scan, asked);
  try {
    await pourStream(unpacked.bytes, scanner);
  } finally {
    tellEnds?.();
  }
  const outcome = unpacked.outcome();
  const report = scanner.report({ ...asked, inputCut: outcome.truncated });
  const entry = capturedIn(report, compression, outcome);
  const expected = entry.error === null && entry.truncated && input?.interrupted() === true;
  return expected ? { ...entry, ...notCut, interrupted: true } : entry;
}

function tellsOf(
  { everyMs, onSoFar }: InputSettings,
  scanner: ChunkScanner,
  compression: Compression | null,
  scan: ScanOptions,
  asked: ReportOptions,
): (() => void) | null {
  if (everyMs === null) return null;
  return tellSoFar(scanner, everyMs, scan, asked, (report) => onSoFar(capturedIn(report, compression, soundOutcome)));
}
