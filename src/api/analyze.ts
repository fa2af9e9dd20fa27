import { shownName } from '../captures/file/capture-name.js';
import type { CaptureEntry } from '../captures/scan/capture-entry.js';
import { ByteReader } from '../captures/file/byte-reader.js';
import { compressionAhead, type Compression } from '../captures/packed/compression.js';
import { scanCapture } from '../captures/whole/scan-file.js';
import { scanStream } from '../captures/scan/scan-stream.js';
import { TriremeError } from '../common/errors.js';
import type { CaptureFacts, ConversationRow, ConversationTimes, EndpointRow } from '../pcap/report-types.js';
import { compileOptions, type AnalyzeOptions } from './options.js';

/**
 * What is told of one capture, field by field what `trireme analyze --json` prints of it. `error` is null, or
 * `damaged`: then the counts are those of what stands before the damage. `truncated` says that the capture
 * ends inside a record.
 */
export interface CaptureAnalysis extends Omit<CaptureFacts, 'top' | 'top_times' | 'endpoints'> {
  readonly top: readonly ConversationRow[];
  /** Row by row beside `top`. */
  readonly top_times: readonly ConversationTimes[];
  readonly endpoints: readonly EndpointRow[];
  /** How the capture was packed; null: not at all. */
  readonly compression: Compression | null;
}

/**
 * Analyses a file, a FIFO, standard input (`-`) or an `http(s)://` URL: pcap or pcapng, plain, gzip, zstd or LZ4.
 *
 * A plain file is read and scanned on the calling thread, which does nothing else meanwhile; with `cores` above 1 other
 * threads help from 1 GiB on. A server that must answer others meanwhile calls this in a worker thread.
 *
 * Rejects with a {@link TriremeError}: FILE_UNREADABLE, NOT_A_CAPTURE, FILE_CHANGED when the file is
 * shortened meanwhile, or USAGE for an option that is out of bounds.
 */
export async function analyzeFile(name: string, options: AnalyzeOptions = {}): Promise<CaptureAnalysis> {
  if (typeof name !== 'string' || name === '')
    throw new TriremeError('USAGE', `analyzeFile wants the name of a capture, and was given ${describe(name)}`);
  return factsOf(shownName(name), await scanCapture(name, compileOptions(options)));
}

/**
 * Analyses the bytes of one capture in the order in which they come, such as a Node stream of a file or an
 * upload gives them: pcap or pcapng, plain, gzip, zstd or LZ4. `options.cores` has no effect: a stream is
 * scanned by the calling thread, in pieces.
 *
 * Rejects with a {@link TriremeError}: NOT_A_CAPTURE, or USAGE for an option that is out of bounds. What the
 * stream itself throws comes through as it is.
 */
export async function analyzeStream(
  stream: AsyncIterable<Uint8Array>,
  options: AnalyzeOptions = {},
): Promise<CaptureAnalysis> {
  if (typeof (stream as AsyncIterable<Uint8Array> | null | undefined)?.[Symbol.asyncIterator] !== 'function')
    throw new TriremeError(
      'USAGE',
      `analyzeStream wants an async iterable of bytes, and was given ${describe(stream)}`,
    );
  const settings = compileOptions(options);
  const reader = new ByteReader(bytesOnly(stream, settings.onProgress));
  try {
    const compression = await compressionAhead(reader);
    return factsOf('stream', await scanStream(reader.remaining(Number.MAX_SAFE_INTEGER), compression, settings));
  } finally {
    await reader.close();
  }
}

/** The pieces of a stream, told as they come. Text would be counted by its letters, so it is refused. */
async function* bytesOnly(
  stream: AsyncIterable<Uint8Array>,
  onProgress?: (bytesDone: number, bytesTotal: number | null) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const piece of stream) {
    if (!(piece instanceof Uint8Array))
      throw new TriremeError('USAGE', `a stream of bytes is wanted, and ${describe(piece)} came: set no encoding`);
    done += piece.length;
    onProgress?.(done, null);
    yield piece;
  }
}

function factsOf(name: string, entry: CaptureEntry): CaptureAnalysis {
  if (entry.error === 'not-a-capture')
    throw new TriremeError('NOT_A_CAPTURE', `${name}: not a capture: ${entry.error_detail}`);
  // Without packedRows all tables are arrays.
  return entry as CaptureAnalysis;
}

function describe(value: unknown): string {
  if (value === null || value === undefined || value === '') return value === '' ? 'an empty text' : String(value);
  return typeof value === 'string' ? `the text '${value.slice(0, 40)}'` : `a value of type ${typeof value}`;
}
