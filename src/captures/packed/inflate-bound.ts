import type { ByteStream } from '../file/byte-reader.js';
import type { Compression } from './compression.js';
import { inflated, type Inflated, soundOutcome, StreamDamaged } from './inflated.js';

/**
 * How far packed bytes may grow. Memory is bounded elsewhere; this bounds the time that a few bytes can cost.
 */
export interface InflateBound {
  /** Bytes that any file may inflate to: some seconds of scanning. */
  readonly freeBytes: number;
  /**
   * Past freeBytes: times its packed size. gzip reaches 1,032 with nothing but zeros; captures seldom pass
   * 50.
   */
  readonly ratioMax: number;
}

export const inflateBoundDefault: InflateBound = { freeBytes: 8 * 2 ** 30, ratioMax: 1000 };

/**
 * Inflates within a bound. What came before it is good; the outcome says how much was refused, and what to
 * do.
 */
export function inflateBounded(
  stream: ByteStream,
  inflate: (stream: ByteStream) => Inflated,
  bound: InflateBound = inflateBoundDefault,
): Inflated {
  let packedBytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of stream) {
      packedBytes += bytes.length;
      yield bytes;
    }
  }
  return boundBy(inflate(counted()), () => packedBytes, bound);
}

/** Whether so many bytes are more than so many packed ones may inflate to. */
export function exceeds(bytes: number, packedBytes: number, { freeBytes, ratioMax }: InflateBound): boolean {
  return bytes > freeBytes && bytes > ratioMax * packedBytes;
}

/** The same for who counts the packed bytes, of which those `before` have been inflated elsewhere. */
export function boundBy(inner: Inflated, packed: () => number, bound: InflateBound, before = 0): Inflated {
  const { freeBytes, ratioMax } = bound;
  let bytes = before;
  const outer = inflated(async function* () {
    for await (const piece of inner.bytes) {
      bytes += piece.length;
      const packedBytes = packed();
      if (exceeds(bytes, packedBytes, bound)) {
        throw new StreamDamaged(
          `${packedBytes} packed bytes inflate to over ${bytes - piece.length}, past ${freeBytes} bytes and ${ratioMax} times their size; if that is meant, unpack it first and analyse what is inside`,
        );
      }
      yield piece;
    }
  });
  return {
    bytes: outer.bytes,
    outcome: () => {
      const outcome = outer.outcome();
      return outcome.damage === null ? inner.outcome() : outcome;
    },
  };
}

type Inflater = (stream: ByteStream, from?: number, onPart?: (at: number) => void) => Inflated;

/** The inflater of a compression, loaded when it is needed. */
export function inflaterOf(compression: Compression): Inflater {
  switch (compression) {
    case 'gzip':
      return (require('./gzip-stream.js') as typeof import('./gzip-stream.js')).inflateGzip;
    case 'zstd':
      return (require('./zstd-stream.js') as typeof import('./zstd-stream.js')).inflateZstd;
    case 'lz4':
      return (require('./lz4-stream.js') as typeof import('./lz4-stream.js')).inflateLz4;
  }
}

/** Inflates within the bound. null: the bytes as they are, which cannot fail. */
export function inflate(stream: ByteStream, compression: Compression | null): Inflated {
  if (compression !== null) return inflateBounded(stream, inflaterOf(compression));
  return {
    bytes: stream[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>,
    outcome: () => soundOutcome,
  };
}
