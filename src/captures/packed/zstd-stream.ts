import { ByteReader, type ByteStream } from '../file/byte-reader.js';
import { inflated, StreamDamaged, type Inflated } from './inflated.js';
import { ZstdDamage, ZstdDecoder } from './zstd-decoder.js';
import { zstdPieces } from './zstd-frames.js';

/**
 * Inflates zstd: any number of frames, skippable ones skipped, zeros between them too, checksums verified by
 * the decoder (libzstd compiled to WebAssembly). Node's own zstd is not used: the oldest Node that we run on
 * has none, and two decoders would be two behaviours.
 * @param from of the stream's first byte in the file: a frame begins there
 * @param onPart hears where each frame begins, once all before it was given
 */
export function inflateZstd(stream: ByteStream, from = 0, onPart?: (at: number) => void): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream, from);
    const decoder = new ZstdDecoder();
    try {
      const pieces = zstdPieces(reader, onPart);
      for (;;) {
        const { value, done } = await pieces.next();
        if (done === true) return value;
        yield* decoder.decode(value);
      }
    } catch (error) {
      if (!(error instanceof ZstdDamage)) throw error;
      throw new StreamDamaged(`zstd data or checksum damaged before offset ${reader.position}`, { cause: error });
    } finally {
      decoder.close();
      await reader.close();
    }
  });
}
