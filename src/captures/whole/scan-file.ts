import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { planChunks, wholeFilePlan } from '../../pcap/chunk-plans.js';
import type { CaptureHeader, ChunkPlan } from '../../pcap/types.js';
import { headerBytesWanted, readHeader } from '../../pcap/read-header.js';
import { ByteReader, type ByteStream } from '../file/byte-reader.js';
import { capturedIn, type CaptureEntry, stillWritten } from '../scan/capture-entry.js';
import { type CaptureFile, openCapture } from '../file/capture-file.js';
import { isUrl } from '../file/capture-name.js';
import { compressionAhead, compressionOf, firstBytesMax } from '../packed/compression.js';
import { FileProbe } from '../file/file-probe.js';
import { soundOutcome } from '../packed/inflated.js';
import { FilePour } from '../file/pour.js';
import { readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings, WholeScan } from '../scan/scan-settings.js';
import { growthPart, leftIsLong, looksBeforeSplit, planThreads, planUnpacking } from '../threads/thread-plan.js';

// A small capture is scanned in less time than it takes to load what only others need: those parts
// are required late. (`import()` would do the same and start the loader of ES modules first, some 5 ms.)

/**
 * The whole analysis of one open capture on this machine. One that is appended to meanwhile is counted to the
 * size that it had when it was opened; when it is changed in another way, throws FILE_CHANGED.
 */
export async function scanFile(file: CaptureFile, settings: ScanSettings): Promise<CaptureEntry> {
  const entry = await scan(file, settings);
  return file.hasGrown() ? stillWritten(entry) : entry;
}

async function scan(file: CaptureFile, settings: ScanSettings): Promise<CaptureEntry> {
  const { fd, sizeBytes } = file;
  const counted = counting(file.stream, (bytes) => settings.onProgress?.(bytes, sizeBytes));
  if (sizeBytes === null) {
    const reader = new ByteReader(
      settings.input === undefined ? counted() : untilEnded(counted(), settings.input.ended),
    );
    const compression = await compressionAhead(reader);
    const { scanStream } = require('../scan/scan-stream.js') as typeof import('../scan/scan-stream.js');
    return scanStream(reader.remaining(Number.MAX_SAFE_INTEGER), compression, settings);
  }
  const compression = compressionOf(readRange(fd, 0, firstBytesMax));
  if (compression !== null) {
    if (settings.index?.mode === 'make') settings.index.onNote(`${file.name} ${making().notIndexed(file)}`);
    const { scanInflated, scanStream } = require('../scan/scan-stream.js') as typeof import('../scan/scan-stream.js');
    const threads = compression === 'gzip' ? planUnpacking(sizeBytes, settings.threadsMax, settings.threadBytesMin) : 1;
    if (threads > 1) {
      const { inflateMembers } =
        require('../packed/members/member-stream.js') as typeof import('../packed/members/member-stream.js');
      const { fileOfMembers } =
        require('../packed/members/thread-ranges.js') as typeof import('../packed/members/thread-ranges.js');
      const onBytes = (bytes: number): void => settings.onProgress?.(bytes, sizeBytes);
      const source = fileOfMembers(fd, sizeBytes, threads, { partsFromBytes: settings.threadBytesMin });
      const onStarved = (): void => settings.index?.onNote(`${file.name} is read on one core: ${noMemoryForThreads}`);
      return scanInflated(inflateMembers(source, onBytes, undefined, onStarved), compression, settings);
    }
    const { readAhead } = require('../file/read-ahead.js') as typeof import('../file/read-ahead.js');
    const ahead = counting(
      () => readAhead(fd, sizeBytes),
      (bytes) => settings.onProgress?.(bytes, sizeBytes),
    );
    return scanStream(ahead(), compression, settings);
  }
  const { top, sort, packedRows, index } = settings;
  const told = { top, sort, packedRows, compression: 'none' } as const;
  const report =
    index?.mode === 'make'
      ? making().scanAndIndex(file, settings, told)
      : (await scanPlain(file, sizeBytes, settings)).report(told);
  return capturedIn(report, null, soundOutcome, () => readRange(fd, 0, headerBytesWanted));
}

const noMemoryForThreads = 'there is no memory for threads (ulimit -v, or the memory of its group)';

/** Scans a file that is not packed. */
export async function scanPlain(file: CaptureFile, sizeBytes: number, settings: ScanSettings): Promise<WholeScan> {
  const selected = asksForSome(settings) ? selecting().scanSelected(file, sizeBytes, settings) : null;
  if (selected !== null) return selected;
  const { threads, shares } = planThreads(sizeBytes, settings.threadsMax, settings.threadBytesMin);
  const plans = threads === 1 ? [] : planChunks(headerOf(file.fd, sizeBytes), { shares });
  if (plans.length <= 1) return scanWhole(file, settings);
  const inParts = settings.scan.span === undefined ? settings : firstPacket().withFirstPacket(file.fd, settings);
  return inParts === null ? scanWhole(file, settings) : scanInParts(file, sizeBytes, plans, threads, inParts);
}

/** Whether an index can spare some of the reading. */
function asksForSome({ scan, index }: ScanSettings): boolean {
  return (scan.filter !== undefined || scan.span !== undefined) && index?.mode !== 'ignore';
}

function selecting(): typeof import('../indexed/scan-selected.js') {
  return require('../indexed/scan-selected.js') as typeof import('../indexed/scan-selected.js');
}

function making(): typeof import('../indexed/scan-and-index.js') {
  return require('../indexed/scan-and-index.js') as typeof import('../indexed/scan-and-index.js');
}

function firstPacket(): typeof import('../scan/first-packet.js') {
  return require('../scan/first-packet.js') as typeof import('../scan/first-packet.js');
}

function headerOf(fd: number, sizeBytes: number): CaptureHeader {
  return readHeader(loadScanModule(), readRange(fd, 0, Math.min(sizeBytes, headerBytesWanted)), sizeBytes);
}

/** Begins as one core would. What that shows says whether the others are called in. */
async function scanInParts(
  { fd }: CaptureFile,
  sizeBytes: number,
  plans: readonly ChunkPlan[],
  threads: number,
  settings: ScanSettings,
): Promise<WholeScan> {
  const { scan, threadBytesMin } = settings;
  const onBytes = (bytes: number): void => settings.onProgress?.(bytes, sizeBytes);
  const scanner = new ChunkScanner(loadScanModule(), plans[0], scan);
  const pour = new FilePour(fd, scanner, 0, sizeBytes);
  const { GrowthWatch } = require('../threads/growth-watch.js') as typeof import('../threads/growth-watch.js');
  const watch = new GrowthWatch(threadBytesMin * growthPart, () => scanner.table);
  let alone = false;
  // Speed is that from the first look on: before, code is compiled and memory comes to be there.
  let warm = { seconds: cpuSeconds(), bytes: 0 };
  while (watch.looks < looksBeforeSplit && !alone) {
    const bytes = pour.step();
    if (bytes === 0) break;
    alone = watch.passed(bytes);
    if (watch.looks === 1 && warm.bytes === 0) warm = { seconds: cpuSeconds(), bytes: pour.position };
    onBytes(pour.position);
  }
  const speed = (pour.position - warm.bytes) / (cpuSeconds() - warm.seconds);
  if (alone || !leftIsLong(sizeBytes - pour.position, speed, threadBytesMin)) {
    scanner.goOn();
    pour.all(() => onBytes(pour.position));
    return scanner;
  }
  const { fileSource, scanSplit } = require('../scan/scan-split.js') as typeof import('../scan/scan-split.js');
  return scanSplit(fileSource(fd, sizeBytes), { plans, threads, first: { scanner, pour, watch } }, settings, onBytes);
}

/** CPU time that this process has taken: no other work on the machine makes it longer. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** One core, no split: read and scan in turns on this thread, which nothing else may interrupt. */
function scanWhole({ fd, sizeBytes }: CaptureFile, { scan, onProgress }: ScanSettings): WholeScan {
  const scanner = new ChunkScanner(loadScanModule(), wholeFilePlan, scan);
  let done = 0;
  new FilePour(fd, scanner, 0, sizeBytes!).all((bytes) => {
    done += bytes;
    onProgress?.(done, sizeBytes);
  });
  return scanner;
}

function untilEnded(stream: ByteStream, ended: AbortSignal): ByteStream {
  const { until } = require('../scan/live-stream.js') as typeof import('../scan/live-stream.js');
  return until(stream, ended);
}

/** The stream as it is, telling how many bytes have come. */
function counting(open: () => ByteStream, onBytes: (bytesDone: number) => void): () => ByteStream {
  return async function* () {
    let done = 0;
    for await (const bytes of open()) {
      done += bytes.length;
      onBytes(done);
      yield bytes;
    }
  };
}

/**
 * The whole analysis, on this machine, of what a name leads to: a file, a FIFO, standard input (`-`) or an http(s) URL.
 * Throws FILE_UNREADABLE, and FILE_CHANGED when it is written to meanwhile.
 */
export async function scanCapture(name: string, settings: ScanSettings): Promise<CaptureEntry> {
  if (isUrl(name)) {
    // Loaded only here: the HTTP client takes longer to load than a small capture to scan.
    const { scanUrl } = require('../url/scan-url.js') as typeof import('../url/scan-url.js');
    return scanUrl(name, settings);
  }
  await new FileProbe().check(name, name);
  const file = openCapture(name);
  try {
    return await scanFile(file, settings);
  } finally {
    file.close();
  }
}
