import type { InflateOutcome } from '../captures/packed/inflated.js';
import { loadScanModule } from '../captures/scan/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult } from '../gen/trireme/v1/capture.js';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import { placed } from '../captures/packed/ranges/pour-range.js';
import type { ChunkPlan, ChunkResult, PackedRange, ScanOptions } from '../pcap/types.js';
import { chunkIn, sizeOf } from './chunk-payload.js';
import { pourChunk, pourPackedRange, Stopped, type ChunkBytes } from './chunk-pour.js';
import type { KindBatch } from './kind.js';
import { knownOptions, scanOptionNames } from './known-options.js';
import { scanParts } from './parts-scan.js';

/** Scans the chunk of a batch of one job and answers it. Only packed captures and joined ones need the event loop. */
export function scanChunk(batch: KindBatch): void | Promise<void> {
  const { chunk, plan } = chunkIn(batch.payload(0));
  const { source } = batch;
  if (source === null) throw new TriremeError('INTERNAL', 'a chunk came without the bytes to scan');
  if (chunk.joined !== undefined) return scanParts(batch, chunk.optionsJson, plan, chunk.joined.parts, source);
  const options = knownOptions<ScanOptions>(chunk.optionsJson, scanOptionNames);
  const scanner = new ChunkScanner(loadScanModule(), plan, options);
  const bytes = { batch, source, start: plan.start, sizeBytes: sizeOf(chunk), compression: chunk.compression };
  const { packed } = plan;
  if (packed !== undefined) return scanRange(bytes, { ...plan, packed }, scanner, Object.keys(options));
  return pourChunk(
    bytes,
    scanner,
    (outcome) => answer(batch, scanner, outcome, Object.keys(options)),
    (error) => stop(batch, scanner, error),
  );
}

/** Whether files of a joined capture have failed, by an answer which may be anything. */
export function hasFailedFiles(answer: Uint8Array): boolean {
  try {
    const { outcomes } = JSON.parse(ScanChunkResult.decode(answer).resultJson) as { outcomes?: unknown };
    return Array.isArray(outcomes) && outcomes.some((outcome: object | null) => outcome !== null && 'error' in outcome);
  } catch {
    return false;
  }
}

async function scanRange(
  bytes: ChunkBytes,
  plan: ChunkPlan & { readonly packed: PackedRange },
  scanner: ChunkScanner,
  heeds: readonly string[],
): Promise<void> {
  try {
    const poured = await pourPackedRange(bytes, plan, scanner);
    answer(bytes.batch, scanner, poured.outcome, heeds, (result) => placed(result, poured));
  } catch (error) {
    stop(bytes.batch, scanner, error);
  }
}

function answer(
  batch: KindBatch,
  scanner: ChunkScanner,
  { truncated, damage, restBytes = 0 }: InflateOutcome,
  heeds: readonly string[],
  told = (result: ChunkResult): ChunkResult => result,
): void {
  const { partial, ...facts } = told(scanner.end());
  batch.answer(
    ScanChunkResult.encode({
      resultJson: JSON.stringify({ ...facts, heeds }),
      partial: Buffer.from(partial.buffer, partial.byteOffset, partial.byteLength),
      inputTruncated: truncated,
      inputDamage: damage ?? '',
      inputRestBytes: BigInt(restBytes),
    }).finish(),
  );
}

/** The reason of a failed job is words alone: those of an error that is about the capture lead with its code. */
function named(error: unknown): unknown {
  const { code, message } = TriremeError.from(error);
  return code === 'FILTER_UNFIT' ? new TriremeError(code, `${code}: ${message}`, { cause: error }) : error;
}

/** Frees the scanner, and answers when it was the job that was cancelled. */
function stop(batch: KindBatch, scanner: ChunkScanner, error: unknown): void {
  scanner.cancel();
  if (!(error instanceof Stopped)) throw named(error);
  batch.notRun('CANCELLED: while it was scanned');
}
