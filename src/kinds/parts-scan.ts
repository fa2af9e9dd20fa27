import { inflate } from '../captures/packed/inflate-bound.js';
import { FramedParts, PartFailed } from '../captures/join/part-frames.js';
import { scanRun, type FileOutcome, type ScannedRun } from '../captures/join/scan-run.js';
import { pourStream } from '../captures/file/pour.js';
import { loadScanModule } from '../captures/scan/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult, type ScanPart } from '../gen/trireme/v1/capture.js';
import { JoinScanner, type FilesBefore } from '../pcap/join-scanner.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { note, packing, Stopped } from './chunk-pour.js';
import type { BatchSource, KindBatch } from './kind.js';
import { knownOptions, scanOptionNames } from './known-options.js';

/** Scans the files of a job one after the other, and answers with what they add up to and how each ended. */
export async function scanParts(
  batch: KindBatch,
  optionsJson: string,
  plan: ChunkPlan,
  parts: readonly ScanPart[],
  source: BatchSource,
): Promise<void> {
  const options = knownOptions<ScanOptions>(optionsJson, scanOptionNames);
  const { start, tcpStates, tcpLogged } = plan;
  const before = start === 0 ? null : { tcpStates, tcpLogged };
  try {
    const { scanner, outcomes } =
      source.type === 'stream'
        ? await scanPushed(batch, parts, source, options, before)
        : await scanFiles(batch, parts, source, options, before);
    const partial = scanner.partial();
    batch.answer(
      ScanChunkResult.encode({
        resultJson: JSON.stringify({ plan, outcomes, heeds: Object.keys(options) }),
        partial: Buffer.from(partial.buffer, partial.byteOffset, partial.byteLength),
        inputTruncated: false,
        inputDamage: '',
      }).finish(),
    );
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    batch.notRun('CANCELLED: while it was scanned');
  }
}

function scanFiles(
  batch: KindBatch,
  parts: readonly ScanPart[],
  source: Extract<BatchSource, { type: 'file' }>,
  options: ScanOptions,
  before: FilesBefore | null,
): Promise<ScannedRun> {
  let done = 0;
  const files = parts.map(({ name, sizeBytes, compression }, i) => ({
    ...{ name, path: source.paths?.[i], sizeBytes: Number(sizeBytes) },
    compression: packing(compression),
  }));
  return scanRun(loadScanModule(), files, options, (bytes) => note(batch, (done += bytes)), undefined, before);
}

/**
 * The bytes of all files come one after the other. Where one has failed of which some was counted, all are
 * counted anew.
 */
async function scanPushed(
  batch: KindBatch,
  parts: readonly ScanPart[],
  source: Extract<BatchSource, { type: 'stream' }>,
  options: ScanOptions,
  before: FilesBefore | null,
): Promise<ScannedRun> {
  const ended = (): never => {
    if (batch.cancelled()) throw new Stopped();
    throw new TriremeError('UNREACHABLE', 'the bytes of the files ended early');
  };
  const pushed = new FramedParts(() => source.read(), ended);
  let done = 0;
  const onBytes = (bytes: number): void => note(batch, (done += bytes));
  for (;;) {
    const scanner = new JoinScanner(loadScanModule(), options, before);
    try {
      const outcomes: FileOutcome[] = [];
      for (const part of parts) outcomes.push(await scanPart(part, scanner, pushed, onBytes));
      return { scanner, outcomes };
    } catch (error) {
      scanner.cancel();
      if (!(error instanceof PartFailed)) throw error;
    }
  }
}

async function scanPart(
  part: ScanPart,
  scanner: JoinScanner,
  pushed: FramedParts,
  onBytes: (bytes: number) => void,
): Promise<FileOutcome> {
  const sizeBytes = Number(part.sizeBytes);
  const failure = pushed.begin(sizeBytes);
  if (failure !== null) return failure;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for (const bytes of pushed.bytes(sizeBytes)) {
      onBytes(bytes.length);
      yield bytes;
    }
  }
  const bytes = counted();
  const inflated = inflate(unclosed(bytes), packing(part.compression));
  scanner.begin();
  await pourStream(inflated.bytes, scanner);
  const facts = scanner.endPart();
  // Behind damage nothing is scanned, and the next file begins where this one ends all the same.
  while ((await bytes.next()).done !== true);
  return { facts, inflated: inflated.outcome() };
}

/** The same bytes for a reader that closes what it reads when it has enough: the rest can be read on. */
function unclosed(bytes: AsyncGenerator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  const same: AsyncIterableIterator<Uint8Array> = { next: () => bytes.next(), [Symbol.asyncIterator]: () => same };
  return same;
}
