import { inflate } from '../captures/byte-stream.js';
import { scanRun, type FileOutcome, type ScannedRun } from '../captures/join/scan-run.js';
import { pourStream } from '../captures/pour.js';
import { loadScanModule } from '../captures/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult, type ScanChunk, type ScanPart } from '../gen/trireme/v1/capture.js';
import { JoinScanner } from '../pcap/join-scanner.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { note, packing, Stopped } from './chunk-pour.js';
import type { BatchSource, KindBatch } from './kind.js';

/** Scans the files of a job one after the other, and answers with what they add up to and how each ended. */
export async function scanParts(
  batch: KindBatch,
  { optionsJson, planJson }: ScanChunk,
  parts: readonly ScanPart[],
  source: BatchSource,
): Promise<void> {
  const options = JSON.parse(optionsJson) as ScanOptions;
  try {
    const { scanner, outcomes } =
      source.type === 'stream'
        ? await scanPushed(batch, parts, source, options)
        : await scanFiles(batch, parts, source, options);
    const plan = JSON.parse(planJson) as ChunkPlan;
    const partial = scanner.partial();
    batch.answer(
      ScanChunkResult.encode({
        resultJson: JSON.stringify({ plan, outcomes }),
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
): Promise<ScannedRun> {
  let done = 0;
  const files = parts.map(({ name, sizeBytes, compression }, i) => ({
    ...{ name, path: source.paths?.[i], sizeBytes: Number(sizeBytes) },
    compression: packing(compression),
  }));
  return scanRun(loadScanModule(), files, options, (bytes) => note(batch, (done += bytes)));
}

/** The bytes of all files come one after the other, and each file has as many as was said. */
async function scanPushed(
  batch: KindBatch,
  parts: readonly ScanPart[],
  source: Extract<BatchSource, { type: 'stream' }>,
  options: ScanOptions,
): Promise<ScannedRun> {
  const scanner = new JoinScanner(loadScanModule(), options);
  const outcomes: FileOutcome[] = [];
  const pushed = new PushedBytes(batch, source);
  try {
    for (const { sizeBytes, compression } of parts) {
      const bytes = pushed.next(Number(sizeBytes));
      const inflated = inflate(unclosed(bytes), packing(compression));
      scanner.begin();
      await pourStream(inflated.bytes, scanner);
      outcomes.push({ facts: scanner.endPart(), inflated: inflated.outcome() });
      // Behind damage nothing is scanned, and the next file begins where this one ends all the same.
      while ((await bytes.next()).done !== true);
    }
  } catch (error) {
    scanner.cancel();
    throw error;
  }
  return { scanner, outcomes };
}

/** Takes a stream apart again into the files that were put into it. */
class PushedBytes {
  private rest = new Uint8Array(0);
  private done = 0;

  constructor(
    private readonly batch: KindBatch,
    private readonly source: Extract<BatchSource, { type: 'stream' }>,
  ) {}

  /** So many bytes, in pieces. To be read to its end before the next call. */

  async *next(sizeBytes: number): AsyncGenerator<Uint8Array> {
    for (let left = sizeBytes; left > 0;) {
      // A copy: inflaters take no shared memory, and what is left over is looked at after the next piece came.
      if (this.rest.length === 0) this.rest = new Uint8Array(this.source.read() ?? this.ended());
      const piece = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(piece.length);
      left -= piece.length;
      note(this.batch, (this.done += piece.length));
      yield piece;
    }
  }

  private ended(): never {
    if (this.batch.cancelled()) throw new Stopped();
    throw new TriremeError('UNREACHABLE', 'the bytes of the files ended early');
  }
}

/** The same bytes for a reader that closes what it reads when it has enough: the rest can be read on. */
function unclosed(bytes: AsyncGenerator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  const same: AsyncIterableIterator<Uint8Array> = { next: () => bytes.next(), [Symbol.asyncIterator]: () => same };
  return same;
}
