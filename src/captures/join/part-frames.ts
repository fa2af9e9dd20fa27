import { TriremeError } from '../../common/errors.js';
import type { FailedFile } from '../scan/capture-entry.js';

/**
 * Files that come one after the other in one stream, each of a known size, of which some may fail. Bytes come
 * in frames: their number as 32 bits, and they. A frame of 0 bytes, a length as 32 bits and a FailedFile as
 * JSON say that the file which is next gives no more. Where some of it had come, all files come again from
 * the first one on, and it fails at its start.
 */
export async function* framed(
  files: readonly { readonly sizeBytes: number; readonly name: string }[],
  open: (index: number) => AsyncIterable<Uint8Array>,
  /** What there is to tell of a file whose stream ended with an error. What it throws ends all. */
  failureOf: (name: string, error: unknown) => FailedFile,
): AsyncGenerator<Uint8Array> {
  const failures = new Map<number, FailedFile>();
  for (let i = 0; i < files.length;) {
    let sent = 0;
    const { name, sizeBytes } = files[i];
    if (sizeBytes > 0 && !failures.has(i)) {
      try {
        for await (const bytes of open(i)) {
          const wanted = bytes.subarray(0, sizeBytes - sent);
          if (wanted.length === 0) continue;
          yield uint32(wanted.length);
          yield wanted;
          sent += wanted.length;
        }
        if (sent < sizeBytes) throw new TriremeError('UNREACHABLE', `${name}: ${sent} of ${sizeBytes} bytes came`);
      } catch (error) {
        // What comes behind its last byte is of no matter: the reader is done with it.
        if (sent < sizeBytes) failures.set(i, failureOf(name, error));
      }
    }
    const failure = failures.get(i);
    if (failure !== undefined) {
      const json = Buffer.from(JSON.stringify(failure));
      yield Buffer.concat([uint32(0), uint32(json.length), json]);
    }
    i = failure !== undefined && sent > 0 ? 0 : i + 1;
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** A file has failed of which bytes had come: all files come again, without it. */
export class PartFailed extends Error {}

/** Takes such a stream apart again. */
export class FramedParts {
  private rest: Uint8Array = new Uint8Array(0);
  /** Bytes of the frame that are still to come. */
  private inFrame = 0;

  constructor(
    /** The next piece of the stream, which is the caller's until the one after it is asked for; null: it has ended. */
    private readonly read: () => Uint8Array | null,
    private readonly ended: () => never,
  ) {}

  /** Begins the next file, of so many bytes: null, or why it has none. */
  begin(sizeBytes: number): FailedFile | null {
    if (sizeBytes === 0) return null;
    this.inFrame = this.uint32();
    return this.inFrame === 0 ? this.failure() : null;
  }

  /**
   * The bytes of the file that was begun, in pieces. To be read to its end before the next one is begun.
   * @throws PartFailed
   */
  *bytes(sizeBytes: number): Generator<Uint8Array> {
    for (let left = sizeBytes; left > 0;) {
      if (this.inFrame === 0) {
        this.inFrame = this.uint32();
        if (this.inFrame === 0) {
          this.failure();
          throw new PartFailed();
        }
      }
      const piece = this.some(Math.min(left, this.inFrame));
      left -= piece.length;
      this.inFrame -= piece.length;
      yield piece;
    }
  }

  private uint32(): number {
    return Buffer.from(this.exactly(4)).readUInt32LE();
  }

  private failure(): FailedFile {
    const json = Buffer.from(this.exactly(this.uint32())).toString();
    try {
      return JSON.parse(json) as FailedFile;
    } catch (error) {
      throw new TriremeError('INTERNAL', 'a frame of joined files is damaged', { cause: error });
    }
  }

  private exactly(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count;) {
      const piece = this.some(count - done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }

  /** At least one byte and at most so many. */
  private some(most: number): Uint8Array {
    // A copy: inflaters take no shared memory, and what is left over is looked at after the next piece came.
    while (this.rest.length === 0) this.rest = new Uint8Array(this.read() ?? this.ended());
    const piece = this.rest.subarray(0, most);
    this.rest = this.rest.subarray(piece.length);
    return piece;
  }
}
