/** What is known of a stream of TCP, byte by byte: no thought of speed. */
export interface StreamBytes {
  /** Sequence number of its first byte. */
  readonly seq: number;
  /** By their places. */
  readonly bytes: Map<number, number>;
}

/**
 * Adds a segment; of bytes that come twice those that came first stay. @returns the bytes from the first one
 * on without a gap
 */
export function withSegment(stream: StreamBytes, seq: number, data: Buffer): Buffer {
  const { bytes } = stream;
  for (const [i, byte] of data.entries()) {
    const at = ((seq - stream.seq) >>> 0) + i;
    if (!bytes.has(at)) bytes.set(at, byte);
  }
  const known: number[] = [];
  while (bytes.has(known.length)) known.push(bytes.get(known.length)!);
  return Buffer.from(known);
}
