import type { Readable } from 'node:stream';
import { TriremeError } from '../common/errors.js';

/** A line without its newline. */
export interface ByteLine {
  /** Its bytes as they came; only the first of them where it was too long to hold. */
  readonly bytes: Buffer;
  /** How many bytes it had. */
  readonly length: number;
  /** A newline ended it; else its bytes did. */
  readonly whole: boolean;
}

/** Bytes that are kept of a line that is too long to hold: enough to know it by. */
const headBytesMax = 1024;

/** Splits bytes at each LF. What follows the last one is a line too, unless it is empty. */
export async function* byteLines(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
  heldMax: number,
): AsyncGenerator<ByteLine> {
  let held: Buffer[] = [];
  let length = 0;
  const take = (piece: Buffer): void => {
    length += piece.length;
    if (length <= heldMax) held.push(piece);
    else if (length - piece.length <= heldMax)
      held = [Buffer.concat([...held, piece.subarray(0, headBytesMax)]).subarray(0, headBytesMax)];
  };
  const line = (whole: boolean): ByteLine => {
    // A copy, for a line in its piece would keep the whole piece.
    const taken = { bytes: Buffer.concat(held), length, whole };
    held = [];
    length = 0;
    return taken;
  };
  for await (const piece of pieces) {
    let from = 0;
    for (let to = piece.indexOf(0x0a); to >= 0; to = piece.indexOf(0x0a, from)) {
      take(piece.subarray(from, to));
      yield line(true);
      from = to + 1;
    }
    if (from < piece.length) take(piece.subarray(from));
  }
  if (length > 0) yield line(false);
}

/** Lines of standard input, until it ends or whoever reads them closes it. */
export class InputLines implements AsyncIterable<ByteLine> {
  private closed = false;

  constructor(
    private readonly input: Readable,
    private readonly heldMax: number,
  ) {}

  close(): void {
    this.closed = true;
    this.input.destroy();
  }

  /** @throws TriremeError FILE_UNREADABLE */
  async *[Symbol.asyncIterator](): AsyncGenerator<ByteLine> {
    try {
      yield* byteLines(this.input as AsyncIterable<Buffer>, this.heldMax);
    } catch (error) {
      if (this.closed) return;
      throw new TriremeError('FILE_UNREADABLE', `standard input: ${(error as Error).message}`, { cause: error });
    }
  }
}
