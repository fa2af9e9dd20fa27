import { openCapture, type CaptureFile } from '../captures/file/capture-file.js';
import { inflate } from '../captures/packed/inflate-bound.js';
import { soundOutcome, type InflateOutcome } from '../captures/packed/inflated.js';
import { FilePour, pourBytes, pourStream, type ByteSink } from '../captures/file/pour.js';
import { pieceBytes, readAhead } from '../captures/file/read-ahead.js';
import { pourRange, type PouredRange, type RangeSink } from '../captures/packed/ranges/pour-range.js';
import { TriremeError } from '../common/errors.js';
import type { BatchSource, KindBatch } from './kind.js';
import type { Compression } from '../captures/packed/compression.js';
import type { ChunkPlan, PackedRange } from '../pcap/types.js';

/** Where the bytes of the chunk of a batch of one job are. */
export interface ChunkBytes {
  readonly batch: KindBatch;
  readonly source: BatchSource;
  /** Of the chunk in the file. */
  readonly start: number;
  /** Of the file, as far as it counts: it may have more by now. */
  readonly sizeBytes: number;
  /** How the file is packed, or empty; a packed file is one chunk, unless it is of a RangeCompression. */
  readonly compression: string;
}

/**
 * Pours the bytes of a chunk into a sink until it wants no more. Exactly one of the functions is called: when
 * it is done, or with what was thrown (Stopped: the job was cancelled). Only packed captures need the event
 * loop.
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
    pourBytes(bytes, sink);
    note(batch, (done += bytes.length));
  }
  if (batch.cancelled()) throw new Stopped();
}

/** A packed file is inflated here, on the job's thread, whether it is read or pushed. */
async function pourPacked(
  chunk: ChunkBytes,
  sink: ByteSink,
  onDone: (outcome: InflateOutcome) => void,
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    const packed = new PackedBytes(chunk, 0);
    try {
      const inflated = inflate(packed.stream(), packing(chunk.compression));
      await pourStream(inflated.bytes, sink);
      packed.check();
      onDone(inflated.outcome());
    } finally {
      packed.close();
    }
  } catch (error) {
    onError(error);
  }
}

/** The same of a range of a packed file. */
export async function pourPackedRange(
  chunk: ChunkBytes,
  plan: ChunkPlan & { readonly packed: PackedRange },
  sink: RangeSink,
): Promise<PouredRange> {
  const packed = new PackedBytes(chunk, plan.packed.from);
  try {
    const compression = packing(chunk.compression.replace(/-range$/, ''));
    const poured = await pourRange(packed.stream(), compression!, plan, sink);
    packed.check();
    return poured;
  } finally {
    packed.close();
  }
}

/**
 * The bytes of a packed file from a place on, in pieces that end at multiples of pieceBytes: what is told of
 * damage depends on them.
 */
class PackedBytes {
  private readonly file: CaptureFile | null;

  constructor(
    private readonly chunk: ChunkBytes,
    private readonly from: number,
  ) {
    const { source } = chunk;
    this.file = source.type === 'file' ? openCapture(source.path) : null;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const { file, from } = this;
    const { batch, source, sizeBytes } = this.chunk;
    if (file !== null) {
      let done = 0;
      for await (const bytes of readAhead(file.fd, sizeBytes - from, from)) {
        note(batch, (done += bytes.length));
        yield bytes;
      }
    } else if (source.type === 'stream') {
      yield* inPieces(pushed(batch, source), from);
      if (batch.cancelled()) throw new Stopped();
    }
  }

  /** @throws TriremeError FILE_CHANGED as checkHeld() */
  check(): void {
    if (this.file !== null) checkHeld(this.file, this.chunk.sizeBytes);
  }

  close(): void {
    this.file?.close();
  }
}

function* pushed(batch: KindBatch, source: BatchSource & { type: 'stream' }): Generator<Uint8Array> {
  let done = 0;
  for (let bytes = source.read(); bytes !== null; bytes = source.read()) {
    note(batch, (done += bytes.length));
    yield bytes;
  }
}

/** Bytes in pieces of their own that end at multiples of pieceBytes of the file: inflaters take no shared memory. */
function* inPieces(stream: Iterable<Uint8Array>, from: number): Generator<Uint8Array> {
  let piece = Buffer.allocUnsafeSlow(pieceBytes - (from % pieceBytes));
  let held = 0;
  for (const bytes of stream) {
    for (let at = 0; at < bytes.length;) {
      const count = Math.min(piece.length - held, bytes.length - at);
      piece.set(bytes.subarray(at, at + count), held);
      held += count;
      at += count;
      if (held < piece.length) continue;
      yield piece;
      piece = Buffer.allocUnsafeSlow(pieceBytes);
      held = 0;
    }
  }
  if (held > 0) yield piece.subarray(0, held);
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
