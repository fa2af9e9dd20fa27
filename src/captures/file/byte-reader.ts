/** Bytes in the order of a file, in pieces of any size. */
export type ByteStream = AsyncIterable<Uint8Array>;

/** Reads a stream in the portions that a format asks for, and knows how far it has come. */
export class ByteReader {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private rest: Uint8Array = new Uint8Array(0);
  private at: number;

  /** @param position of the stream's first byte in its file */
  constructor(stream: ByteStream, position = 0) {
    this.at = position;
    this.pieces = stream[Symbol.asyncIterator]();
  }

  /** Bytes handed out so far: the offset in the file of the next one. */
  get position(): number {
    return this.at;
  }

  /** The next bytes, at least one and at most `most`; null at the end. Valid until the next call. */
  async some(most: number): Promise<Uint8Array | null> {
    if (!(await this.fill(1))) return null;
    return this.take(Math.min(most, this.rest.length));
  }

  /** Exactly `count` bytes, or fewer where the stream ends. */
  async upTo(count: number): Promise<Uint8Array> {
    await this.fill(count);
    return this.take(Math.min(count, this.rest.length));
  }

  /** Bytes that have come and were not handed out. */
  get heldBytes(): number {
    return this.rest.length;
  }

  /** Exactly `count` bytes where they have come already; null: they have not, or the stream ends before. */
  held(count: number): Uint8Array | null {
    return this.rest.length < count ? null : this.take(count);
  }

  /** The next `count` bytes (fewer at the end) without handing them out. */
  async peek(count: number): Promise<Uint8Array> {
    await this.fill(count);
    return this.rest.subarray(0, count);
  }

  /** Gives back the last `count` bytes that were handed out. They must be the end of what `some` returned. */
  unread(bytes: Uint8Array): void {
    this.at -= bytes.length;
    const rest = this.rest;
    // Where they still lie in front of the others, nothing is copied: a file may have thousands of members in a piece.
    if (bytes.buffer === rest.buffer && bytes.byteOffset + bytes.length === rest.byteOffset)
      this.rest = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length + rest.length);
    else this.rest = rest.length === 0 ? bytes : joined([bytes, rest]);
  }

  /** Lets go of the stream before its end. */
  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  /** What is left, as a stream. */
  async *remaining(most: number): AsyncGenerator<Uint8Array> {
    try {
      for (let bytes = await this.some(most); bytes !== null; bytes = await this.some(most)) yield bytes;
    } finally {
      await this.close();
    }
  }

  private take(count: number): Uint8Array {
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    this.at += count;
    return taken;
  }

  private async fill(count: number): Promise<boolean> {
    if (this.rest.length >= count) return true;
    const pieces = this.rest.length === 0 ? [] : [this.rest];
    let held = this.rest.length;
    while (held < count) {
      const next = await this.pieces.next();
      if (next.done === true) break;
      if (next.value.length === 0) continue;
      pieces.push(next.value);
      held += next.value.length;
    }
    this.rest = pieces.length === 1 ? pieces[0] : joined(pieces);
    return held >= count;
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Bytes taken at once of what is no data. */
const stepBytes = 16 * 1024;

/** Passes over zeros: padding of tapes, of blocks and of sparse copies. What is packed may go on behind them. */
export async function skipZeros(reader: ByteReader): Promise<void> {
  for (let bytes = await reader.some(stepBytes); bytes !== null; bytes = await reader.some(stepBytes)) {
    const other = bytes.findIndex((byte) => byte !== 0);
    if (other === -1) continue;
    reader.unread(bytes.subarray(other));
    return;
  }
}

/** Bytes from here to the end of the stream, which it is read to. */
export async function restOf(reader: ByteReader): Promise<number> {
  let rest = 0;
  for (let bytes = await reader.some(stepBytes); bytes !== null; bytes = await reader.some(stepBytes))
    rest += bytes.length;
  return rest;
}
