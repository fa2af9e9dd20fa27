import type { Inflated, InflateOutcome } from '../../src/captures/packed/inflated.js';
import type { ByteStream } from '../../src/captures/file/byte-reader.js';

/** Bytes as a stream of pieces of that size. */
export async function* inPieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** All that a stream gives. */
export async function gathered(stream: ByteStream): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

/** An inflater run to its end. */
export async function inflatedWhole(inflated: Inflated): Promise<{ bytes: Buffer } & InflateOutcome> {
  const bytes = await gathered(inflated.bytes);
  return { bytes, ...inflated.outcome() };
}
