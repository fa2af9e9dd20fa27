import { planChunks } from '../../pcap/chunk-plans.js';
import { isOpen, knowingFirst, needsFirst } from '../../pcap/first-time.js';
import { firstTime } from '../../pcap/head-reader.js';
import { readHeader } from '../../pcap/read-header.js';
import type { ScanOptions } from '../../pcap/types.js';
import { ByteReader, type ByteStream } from '../file/byte-reader.js';
import { capturedIn, type CaptureEntry } from '../scan/capture-entry.js';
import { compressionAhead, compressionOf, firstBytesMax } from '../packed/compression.js';
import { pourStream } from '../file/pour.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings } from '../scan/scan-settings.js';
import { scanSplit, type SplitSource } from '../scan/scan-split.js';
import { scanStream } from '../scan/scan-stream.js';
import { planThreads } from '../threads/thread-plan.js';
import { checkUrlUnchanged, openUrl, type RangedUrl, type WholeUrl } from './open-url.js';
import type { UrlSource } from './url-identity.js';
import { streamUrl } from './url-stream.js';

/**
 * The whole analysis of a capture on a web server or object store, on this machine. The entry is the one that the file
 * itself would give. Throws FILE_UNREADABLE, and FILE_CHANGED when the capture is replaced or written to meanwhile.
 */
export async function scanUrl(name: string, settings: ScanSettings): Promise<CaptureEntry> {
  const opened = await openUrl(name, null);
  if (!opened.ranged) return scanWhole(opened, settings);
  const entry = await scanRanged(opened, settings);
  await checkUrlUnchanged(opened.source);
  return entry;
}

async function scanWhole({ bytes, sizeBytes, close }: WholeUrl, settings: ScanSettings): Promise<CaptureEntry> {
  try {
    const reader = new ByteReader(counted(bytes, (done) => settings.onProgress?.(done, sizeBytes)));
    const compression = await compressionAhead(reader);
    return await scanStream(reader.remaining(Number.MAX_SAFE_INTEGER), compression, settings);
  } finally {
    close();
  }
}

async function scanRanged({ source, first }: RangedUrl, asked: ScanSettings): Promise<CaptureEntry> {
  const { sizeBytes } = source.identity;
  const settings = { ...asked, scan: withFirst(asked.scan, first) };
  const { top, sort, packedRows } = settings;
  const onBytes = (bytes: number): void => settings.onProgress?.(bytes, sizeBytes);
  const compression = compressionOf(first.subarray(0, firstBytesMax));
  const { scan, index } = settings;
  if (compression === null && (scan.filter !== undefined || scan.span !== undefined) && index?.mode !== 'ignore') {
    const { scanSelectedUrl } = require('./url-index.js') as typeof import('./url-index.js');
    const selected = await scanSelectedUrl(source, first, settings);
    if (selected !== null) {
      const report = selected.report({ top, sort, packedRows, compression: 'none' });
      return capturedIn(report, null, { truncated: false, damage: null }, () => first);
    }
  }
  const { threads, shares } = planThreads(sizeBytes, settings.threadsMax, settings.threadBytesMin);
  if (compression === null && threads > 1 && !isOpen(scan.span)) {
    const plans = planChunks(readHeader(loadScanModule(), first, sizeBytes), { shares });
    if (plans.length > 1) {
      const whole = await scanSplit(urlSplitSource(source), { plans, threads, first: null }, settings, onBytes);
      const report = whole.report({ top, sort, packedRows, compression: 'none' });
      return capturedIn(report, null, { truncated: false, damage: null }, () => first);
    }
  }
  return scanStream(counted(fromTheFirst(source, first), onBytes), compression, settings);
}

/** Bounds that are counted from the first packet need its time, where only parts of a capture are read. */
function withFirst(scan: ScanOptions, first: Uint8Array): ScanOptions {
  return needsFirst(scan.span) ? knowingFirst(scan, firstTime(loadScanModule(), first)) : scan;
}

/** All bytes, those that the opening has read already not asked for again. */
async function* fromTheFirst(source: UrlSource, first: Uint8Array): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first;
  yield* streamUrl(source, first.length, null);
}

function urlSplitSource(source: UrlSource): SplitSource {
  return {
    threadModule: 'captures/url/url-scan-thread.js',
    threadData: { source },
    pour: (sink, start, end, onBytes) => pourStream(counted(streamUrl(source, start, end), onBytes), sink),
  };
}

/** The stream as it is, telling how many bytes have come. */
async function* counted(bytes: ByteStream, onBytes: (bytesDone: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of bytes) {
    done += piece.length;
    onBytes(done);
    yield piece;
  }
}
