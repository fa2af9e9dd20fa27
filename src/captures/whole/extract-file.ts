import { setImmediate } from 'node:timers/promises';
import { Extractor, type ExtractOptions, type ExtractOutcome } from '../../pcap/extractor.js';
import { ByteReader } from '../file/byte-reader.js';
import type { CaptureFile } from '../file/capture-file.js';
import { compressionAhead, compressionOf, firstBytesMax } from '../packed/compression.js';
import { inflate } from '../packed/inflate-bound.js';
import { until } from '../scan/live-stream.js';
import { FilePour, pourStream } from '../file/pour.js';
import { readRange } from '../file/regular-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { InputSettings } from '../scan/scan-settings.js';
import type { SplitFile } from '../extract/extract-split.js';
import { gatherBytes, PendingWrites, type PacketsOut } from '../extract/packets-out.js';
import type { SelectedPieces } from '../extract/extract-selected.js';
import { planThreads, threadBytesMinDefault } from '../threads/thread-plan.js';

/** Portions between which others run, signals among them: some 10 ms. */
const portionsPerTurn = 64;

export type Extracted = ExtractOutcome & {
  /** Why the packed stream around the capture ended early or is damaged; null: it did not and is not. */
  readonly inputDamage: string | null;
  /** That stream ended early and is sound up to there. */
  readonly packedCut: boolean;
};

/** Threads that may work on one capture, and where it ends. */
export interface HowExtracted {
  readonly threadsMax: number;
  /** A file is given one thread for each of these; default threadBytesMinDefault. */
  readonly threadBytesMin?: number;
  /**
   * Hears how much was read by an index beside the capture, or why none is made; null: none is used,
   * undefined: nobody hears it.
   */
  readonly onIndex?: ((text: string) => void) | null;
  /** Hears the bytes of an index that is made on the way, on this thread; undefined: none is made. */
  readonly onIndexMade?: (bytes: Uint8Array) => void;
  /** Only for standard input. */
  readonly input?: Pick<InputSettings, 'ended'>;
}

/**
 * Takes packets out of an open capture, packed or not: the same bytes on any number of threads.
 * @throws TriremeError FILE_CHANGED when the file is written to meanwhile
 */
export async function extractFile(
  file: CaptureFile,
  options: ExtractOptions,
  out: PacketsOut,
  how: HowExtracted = { threadsMax: 1 },
): Promise<Extracted> {
  const { onIndexMade } = how;
  const why = onIndexMade === undefined ? null : making().notIndexed(file);
  if (why !== null) how.onIndex?.(`${file.name} ${why}`);
  const indexing = onIndexMade !== undefined && why === null;
  const selected = indexing ? null : selectionOf(file, options, how);
  const split = selected === null && !indexing ? splitOf(file, options, how) : null;
  if (split !== null) {
    const { extractSplit } = require('../extract/extract-split.js') as typeof import('../extract/extract-split.js');
    const outcome = await extractSplit(split.file, split.options, out);
    file.checkUnchanged();
    return { ...outcome, inputDamage: null, packedCut: false };
  }
  const { input } = how;
  // Whoever reads a pipe is not to wait for more.
  const gatherAt = out.placed === undefined ? 0 : gatherBytes;
  const writes = new PendingWrites(out);
  const { settle } = writes;
  let portions = 0;
  const turn = async (): Promise<void> => {
    if (writes.any) await settle();
    if (++portions % portionsPerTurn === 0) await setImmediate();
  };
  if (selected !== null) {
    const ended = await selecting().extractSelected(file, selected, writes.write, turn, gatherAt);
    await settle();
    file.checkUnchanged();
    return { ...ended, inputDamage: null, packedCut: false };
  }
  const extractor = new Extractor(loadScanModule(), options, writes.write, undefined, gatherAt);
  if (indexing) extractor.keepIndex();
  const { fd, sizeBytes } = file;
  let inputDamage: string | null = null;
  let packedCut = false;
  const compression = sizeBytes === null ? null : compressionOf(readRange(fd, 0, firstBytesMax));
  if (sizeBytes !== null && compression === null) {
    const pour = new FilePour(fd, extractor, 0);
    while (pour.step() > 0) await turn();
  } else {
    const reader = new ByteReader(input === undefined ? file.stream() : until(file.stream(), input.ended));
    const packed = compression ?? (await compressionAhead(reader));
    const inflated = inflate(reader.remaining(Number.MAX_SAFE_INTEGER), packed);
    await pourStream(patient(inflated.bytes, settle), extractor);
    const { truncated, damage } = inflated.outcome();
    packedCut = !extractor.done && truncated;
    inputDamage = extractor.done ? null : (damage ?? (truncated ? 'the packed stream is cut short' : null));
  }
  await settle();
  const ended = extractor.end();
  await settle();
  file.checkUnchanged();
  if (extractor.index !== null) onIndexMade?.(indexBytes().indexBytesFor(file, extractor.index));
  return { ...ended, inputDamage, packedCut };
}

function making(): typeof import('../indexed/scan-and-index.js') {
  return require('../indexed/scan-and-index.js') as typeof import('../indexed/scan-and-index.js');
}

function indexBytes(): typeof import('../indexed/index-beside.js') {
  return require('../indexed/index-beside.js') as typeof import('../indexed/index-beside.js');
}

function selecting(): typeof import('../extract/extract-selected.js') {
  return require('../extract/extract-selected.js') as typeof import('../extract/extract-selected.js');
}

/** The pieces that an index selects of a plain file; null: all of it is read. */
function selectionOf(
  file: CaptureFile,
  options: ExtractOptions,
  { threadsMax, threadBytesMin = threadBytesMinDefault, onIndex }: HowExtracted,
): SelectedPieces | null {
  const { fd, sizeBytes } = file;
  const some = options.filter !== undefined || options.span !== undefined;
  if (!some || onIndex === null || sizeBytes === null || compressionOf(readRange(fd, 0, firstBytesMax)) !== null)
    return null;
  const { threads } = planThreads(sizeBytes, threadsMax, threadBytesMin);
  return selecting().selectedPieces(file, options, threads, onIndex ?? (() => undefined));
}

/** How a file is given to several threads; null: this one does it alone. */
function splitOf(
  { fd, sizeBytes }: CaptureFile,
  options: ExtractOptions,
  { threadsMax, threadBytesMin = threadBytesMinDefault }: HowExtracted,
): { readonly file: SplitFile; readonly options: ExtractOptions } | null {
  if (sizeBytes === null || threadsMax <= 1 || compressionOf(readRange(fd, 0, firstBytesMax)) !== null) return null;
  const { threads } = planThreads(sizeBytes, threadsMax, threadBytesMin);
  if (threads === 1) return null;
  const { extractPlans } = require('../extract/extract-split.js') as typeof import('../extract/extract-split.js');
  const plans = extractPlans(fd, sizeBytes, threads);
  if (plans.length === 1) return null;
  const { withFirstPacket } = require('../scan/first-packet.js') as typeof import('../scan/first-packet.js');
  const inParts = withFirstPacket(fd, { scan: { span: options.span } });
  if (inParts === null) return null;
  return { file: { fd, sizeBytes, plans, threads }, options: { ...options, span: inParts.scan.span } };
}

/** The stream, which goes on once what was taken of it so far is written. */
async function* patient(stream: AsyncIterable<Uint8Array>, settle: () => Promise<void>): AsyncGenerator<Uint8Array> {
  for await (const bytes of stream) {
    yield bytes;
    await settle();
  }
}
