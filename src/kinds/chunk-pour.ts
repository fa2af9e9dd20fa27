import { openCapture, type CaptureFile } from '../captures/file/capture-file.js';
import { inflate } from '../captures/packed/inflate-bound.js';
import { soundOutcome, type InflateOutcome } from '../captures/packed/inflated.js';
import { FilePour, pourStream, type ByteSink } from '../captures/file/pour.js';
import { readAhead } from '../captures/file/read-ahead.js';
import { TriremeError } from '../common/errors.js';
import type { BatchSource, KindBatch } from './kind.js';
import type { Compression } from '../captures/packed/compression.js';

/** Where the bytes of the chunk of a batch of one job are. */
interface ChunkBytes {
  readonly batch: KindBatch;
  readonly source: BatchSource;
  /** Of the chunk in the file. */
  readonly start: number;
  /** Of the file, as far as it counts: it may have more by now. */
  readonly sizeBytes: number;
  /** How the file is packed, or empty; a packed file is one chunk. */
  readonly compression: string;
}

/**
 * Pours the bytes of a chunk into a sink until it wants no more. Exactly one of the functions is called: when it is done,
 * or with what was thrown (Stopped: the job was cancelled). Only packed captures need the event loop.
 */
export function pourChunk(
  chunk: ChunkBytes,
  sink: ByteSink,
  onDone: (outcome: InflateOutcome) => void,
  onError: (error: unknown) => void,
): void | Promise<void> {
  const { batch, source, start, sizeBytes, compression } = chunk;
  if (compression !== '') return pourPacked(chunk, sink, onDone, onError);
  try {
    if (source.type === 'file') pourFile(batch, sink, source.path, start, sizeBytes);
    else pourPushed(batch, sink, source);
    onDone(soundOutcome);
  } catch (error) {
    onError(error);
  }
}

/** Reads a file straight into the sink's memory. */
function pourFile(batch: KindBatch, sink: ByteSink, path: string, start: number, sizeBytes: number): void {
  const file = openCapture(path);
  try {
    let done = 0;
    new FilePour(file.fd, sink, start, sizeBytes).all((bytes) => note(batch, (done += bytes)));
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
function pourPushed(batch: KindBatch, sink: ByteSink, source: BatchSource & { type: 'stream' }): void {
  let done = 0;
  while (!sink.done) {
    const bytes = source.read();
    if (bytes === null) break;
    for (let at = 0; at < bytes.length && !sink.done;) {
      const space = sink.space();
      const count = Math.min(space.length, bytes.length - at);
      space.set(bytes.subarray(at, at + count));
      sink.filled(count);
      at += count;
    }
    note(batch, (done += bytes.length));
  }
  if (batch.cancelled()) throw new Stopped();
}

/** A packed file is inflated here, on the job's thread, whether it is read or pushed. */
async function pourPacked(
  { batch, source, sizeBytes, compression }: ChunkBytes,
  sink: ByteSink,
  onDone: (outcome: InflateOutcome) => void,
  onError: (error: unknown) => void,
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
    await pourStream(inflated.bytes, sink);
    if (file !== null) checkHeld(file, sizeBytes);
    onDone(inflated.outcome());
  } catch (error) {
    onError(error);
  } finally {
    file?.close();
  }
}

/** Thrown inside a scan whose job was cancelled; never leaves this folder. */
export class Stopped extends Error {}

/** Tells how far the scan is, and ends it when the job was cancelled. */
export function note(batch: KindBatch, bytesDone: number): void {
  batch.progress(bytesDone);
  if (batch.cancelled()) throw new Stopped();
}

/** Every packing that a worker of this version can undo. */
const packings: readonly Compression[] = ['gzip', 'zstd', 'lz4'];

/** How the master says that a file is packed; '' is null: not at all. Throws for what this worker cannot unpack. */
export function packing(text: string): Compression | null {
  if (text === '') return null;
  const known = packings.find((compression) => compression === text);
  if (known !== undefined) return known;
  throw new TriremeError(
    'INTERNAL',
    `this worker cannot unpack '${text}', only ${packings.join(', ')}: start workers of the master's version`,
  );
}
