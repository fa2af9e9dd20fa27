import type { ByteStream } from './byte-reader.js';
import type { Compression } from './compression.js';
import { inflateBounded } from './inflate-bound.js';
import type { Inflated } from './inflated.js';

/** The inflater of a compression, loaded when it is needed. null: the bytes as they are, which cannot fail. */
export function inflate(stream: ByteStream, compression: Compression | null): Inflated {
  if (compression === 'gzip') {
    const { inflateGzip } = require('./gzip-stream.js') as typeof import('./gzip-stream.js');
    return inflateBounded(stream, inflateGzip);
  }
  if (compression === 'zstd') {
    const { inflateZstd } = require('./zstd-stream.js') as typeof import('./zstd-stream.js');
    return inflateBounded(stream, inflateZstd);
  }
  if (compression === 'lz4') {
    const { inflateLz4 } = require('./lz4-stream.js') as typeof import('./lz4-stream.js');
    return inflateBounded(stream, inflateLz4);
  }
  return {
    bytes: stream[Symbol.asyncIterator]() as AsyncGenerator<Uint8Array>,
    outcome: () => ({ truncated: false, damage: null }),
  };
}
