import { openCapture, type CaptureFile } from '../captures/capture-file.js';
import { inflate } from '../captures/byte-stream.js';
import { soundOutcome, type InflateOutcome } from '../captures/inflated.js';
import { FilePour, pourStream } from '../captures/pour.js';
import { readAhead } from '../captures/read-ahead.js';
import { loadScanModule } from '../captures/scan-module.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunk, ScanChunkResult } from '../gen/trireme/v1/capture.js';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import type { ChunkPlan, ScanOptions } from '../pcap/types.js';
import { note, Stopped } from './batch-progress.js';
import type { BatchSource, KindBatch } from './kind.js';
import { packing } from './packing.js';
import { scanParts } from './parts-scan.js';

/** Bytes of the chunk in the file as it is stored: what its cost is counted in. Throws when the payload is no ScanChunk. */
export function bytesOf(payload: Uint8Array): number {
  const chunk = ScanChunk.decode(payload);
  const { start, end } = JSON.parse(chunk.planJson) as ChunkPlan;
  const sizeBytes = sizeOf(chunk);
  const bytes = chunk.compression === '' ? (end ?? sizeBytes) - start : sizeBytes;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 1;
}

/** Scans the chunk of a batch of one job and answers it. Only packed captures and joined ones need the event loop. */
export function scanChunk(batch: KindBatch): void | Promise<void> {
  const chunk = ScanChunk.decode(batch.payload(0));
  const { source } = batch;
  if (source === null) throw new TriremeError('INTERNAL', 'a chunk came without the bytes to scan');
  if (chunk.joined !== undefined) return scanParts(batch, chunk, chunk.joined.parts, source);
  const plan = JSON.parse(chunk.planJson) as ChunkPlan;
  const scanner = new ChunkScanner(loadScanModule(), plan, JSON.parse(chunk.optionsJson) as ScanOptions);
  if (chunk.compression !== '') return scanPacked(batch, scanner, source, chunk.compression, sizeOf(chunk));
  try {
    if (source.type === 'file') pourFile(batch, scanner, source.path, plan.start, sizeOf(chunk));
    else pourPushed(batch, scanner, source);
    answer(batch, scanner, soundOutcome);
  } catch (error) {
    stop(batch, scanner, error);
  }
}

/** Bytes of the file that are counted: it may have more by now. */
function sizeOf({ identity }: ScanChunk): number {
  return Number(identity?.sizeBytes ?? 0n);
}

/** Reads a file straight into the scanner's memory. */
function pourFile(batch: KindBatch, scanner: ChunkScanner, path: string, start: number, sizeBytes: number): void {
  const file = openCapture(path);
  try {
    let done = 0;
    new FilePour(file.fd, scanner, start, sizeBytes).all((bytes) => note(batch, (done += bytes)));
    checkHeld(file, sizeBytes);
  } finally {
    file.close();
  }
}

/** @throws TriremeError FILE_CHANGED when it is another file than it was, beside having grown */
function checkHeld(file: CaptureFile, sizeBytes: number): void {
  file.hasGrown();
  const found = file.sizeBytes ?? 0;
  if (found >= sizeBytes) return;
  throw new TriremeError('FILE_CHANGED', `${file.name}: had ${sizeBytes} bytes and has ${found} now`);
}

/** Scans what the main thread pushes; read() sleeps while nothing has come. */
function pourPushed(batch: KindBatch, scanner: ChunkScanner, source: BatchSource & { type: 'stream' }): void {
  let done = 0;
  while (!scanner.done) {
    const bytes = source.read();
    if (bytes === null) break;
    for (let at = 0; at < bytes.length && !scanner.done;) {
      const space = scanner.space();
      const count = Math.min(space.length, bytes.length - at);
      space.set(bytes.subarray(at, at + count));
      scanner.filled(count);
      at += count;
    }
    note(batch, (done += bytes.length));
  }
  if (batch.cancelled()) throw new Stopped();
}

/** A packed file is inflated here, on the job's thread, whether it is read or pushed. */
async function scanPacked(
  batch: KindBatch,
  scanner: ChunkScanner,
  source: BatchSource,
  compression: string,
  sizeBytes: number,
): Promise<void> {
  let file: CaptureFile | null = null;
  let done = 0;
  async function* packed(): AsyncGenerator<Uint8Array> {
    if (file !== null) {
      for await (const bytes of readAhead(file.fd, sizeBytes)) {
        note(batch, (done += bytes.length));
        yield bytes;
      }
    } else if (source.type === 'stream') {
      for (let bytes = source.read(); bytes !== null; bytes = source.read()) {
        note(batch, (done += bytes.length));
        // A copy: inflaters take no shared memory, and may look at a piece after the next one came.
        yield new Uint8Array(bytes);
      }
      if (batch.cancelled()) throw new Stopped();
    }
  }
  try {
    if (source.type === 'file') file = openCapture(source.path);
    const inflated = inflate(packed(), packing(compression));
    await pourStream(inflated.bytes, scanner);
    if (file !== null) checkHeld(file, sizeBytes);
    answer(batch, scanner, inflated.outcome());
  } catch (error) {
    stop(batch, scanner, error);
  } finally {
    file?.close();
  }
}

function answer(batch: KindBatch, scanner: ChunkScanner, { truncated, damage, restBytes = 0 }: InflateOutcome): void {
  const { partial, ...facts } = scanner.end();
  batch.answer(
    ScanChunkResult.encode({
      resultJson: JSON.stringify(facts),
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
