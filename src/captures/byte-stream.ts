import type { ByteStream } from './byte-reader.js';
import type { Compression } from './compression.js';
import { inflateBounded } from './inflate-bound.js';
import type { Inflated } from './inflated.js';

/** The inflater of a compression, loaded when it is needed. null: the bytes as they are, which cannot fail. */
export async function inflate(stream: ByteStream, compression: Compression | null): Promise<Inflated> {
  if (compression === 'gzip') return inflateBounded(stream, (await import('./gzip-stream.js')).inflateGzip);
  if (compression === 'zstd') return inflateBounded(stream, (await import('./zstd-stream.js')).inflateZstd);
  return {
    bytes: stream[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>,
    outcome: () => ({ truncated: false, damage: null }),
  };
}
