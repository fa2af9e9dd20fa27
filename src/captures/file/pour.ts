import { readSync } from 'node:fs';
import type { ByteStream } from './byte-reader.js';

/** What takes bytes of a file: ChunkScanner and RecordWalk of src/pcap. */
export interface ByteSink {
  readonly done: boolean;
  space(): Uint8Array;
  filled(bytes: number): void;
}

/** Bytes read, or copied, at once. A portion that stays in the cache until it is scanned is scanned fastest. */
const portionBytes = 256 * 1024;
/** Read at once behind the place where a sink is likely to be done: of most captures some whole records. */
const portionBehindBytes = 16 * 1024;

/** Reads a file from a position straight into a sink, a portion a step, until it is done or the file ends. */
export class FilePour {
  private at: number;

  constructor(
    readonly fd: number,
    readonly sink: ByteSink,
    start: number,
    /** Nothing behind it is poured, also where the file goes on. */
    private readonly end = Infinity,
    /** Where the sink is likely to be done, as at the end of a chunk; little is read behind it for nothing. */
    private readonly doneNear = Infinity,
  ) {
    this.at = start;
  }

  /** In the file: what is before it was poured. */
  get position(): number {
    return this.at;
  }

  /** Pours one portion and returns its bytes; 0: nothing is left to pour. */
  step(): number {
    if (this.sink.done) return 0;
    const space = this.sink.space();
    const before = this.doneNear - this.at;
    const portion = before > 0 ? Math.min(portionBytes, before) : portionBehindBytes;
    const wanted = Math.min(space.length, portion, this.end - this.at);
    if (wanted <= 0) return 0;
    const bytes = readSync(this.fd, space, 0, wanted, this.at);
    if (bytes === 0) return 0;
    this.at += bytes;
    this.sink.filled(bytes);
    return bytes;
  }

  /** Pours all, without letting anything else run. `onBytes` hears of each portion. */
  all(onBytes?: (bytes: number) => void): void {
    for (let bytes = this.step(); bytes > 0; bytes = this.step()) onBytes?.(bytes);
  }
}

/** Pours a stream into a sink until it is done or the stream ends. */
export async function pourStream(stream: ByteStream, sink: ByteSink): Promise<void> {
  for await (const bytes of stream) {
    pourBytes(bytes, sink);
    if (sink.done) return;
  }
}

/** Pours bytes into a sink until it is done or they end. */
export function pourBytes(bytes: Uint8Array, sink: ByteSink): void {
  for (let at = 0; at < bytes.length && !sink.done;) {
    const space = sink.space();
    const count = Math.min(space.length, bytes.length - at, portionBytes);
    space.set(bytes.subarray(at, at + count));
    sink.filled(count);
    at += count;
  }
}
