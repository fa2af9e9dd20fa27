import { ByteReader, type ByteStream } from './byte-reader.js';
import { inflated, StreamDamaged, type Inflated } from './inflated.js';
import { zstdPieces } from './zstd-frames.js';

/** Steps without output that one piece may take: the decoder gives nothing for ever once it has met damage. */
const emptyStepsMax = 8;

/**
 * Inflates zstd: any number of frames, skippable ones skipped, checksums verified by the decoder (libzstd compiled to
 * WebAssembly, in the package zstddec). It is loaded only when a zstd file is met. Node's own zstd is not used: the
 * oldest Node that we run on has none, and two decoders would be two behaviours.
 */
export function inflateZstd(stream: ByteStream): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream);
    try {
      const { ZSTDDecoder } = await import('zstddec/stream');
      const decoder = new ZSTDDecoder();
      await decoder.init();
      yield* decoded(reader, (pieces) => decoder.decodeStreaming(pieces) as Iterator<Uint8Array>);
    } finally {
      await reader.close();
    }
  });
}

/**
 * The decoder pulls its input synchronously while ours comes asynchronously: before each step one piece lies ready, and
 * a step takes at most one. So neither side waits for the other and no more than two pieces are held.
 */
async function* decoded(
  reader: ByteReader,
  decode: (pieces: Iterable<Uint8Array>) => Iterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const pieces = zstdPieces(reader);
  let ready: Uint8Array | null = null;
  let failure: unknown = null;
  let emptySteps = 0;
  const handOver: Iterator<Uint8Array> = {
    next: () => {
      if (ready === null) return { done: true, value: undefined };
      const value = ready;
      ready = null;
      emptySteps = 0;
      return { done: false, value };
    },
  };
  const output = decode({ [Symbol.iterator]: () => handOver });
  let ended = false;
  for (;;) {
    if (ready === null && !ended) {
      try {
        const next = await pieces.next();
        ended = next.done === true;
        if (next.done !== true) ready = next.value;
      } catch (error) {
        [ended, failure] = [true, error];
      }
    }
    let step: IteratorResult<Uint8Array>;
    try {
      step = output.next();
    } catch (error) {
      // Said at the end of a cut stream, of which the walk over the frames has already told.
      throw failure ?? new StreamDamaged(`zstd data damaged before offset ${reader.position}`, { cause: error });
    }
    if (step.done === true) break;
    emptySteps = step.value.length === 0 ? emptySteps + 1 : 0;
    if (emptySteps > emptyStepsMax) {
      throw new StreamDamaged(`zstd data or checksum damaged before offset ${reader.position}`);
    }
    if (step.value.length > 0) yield step.value;
  }
  if (failure !== null) throw failure;
}
