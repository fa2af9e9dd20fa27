import type { ChunkPlan, ChunkResult, PackedRange, RangeFacts } from '../../../pcap/types.js';
import type { ByteStream } from '../../file/byte-reader.js';
import { pourBytes, type ByteSink } from '../../file/pour.js';
import type { Compression } from '../compression.js';
import { boundBy, inflateBoundDefault, inflaterOf, type InflateBound } from '../inflate-bound.js';
import type { InflateOutcome } from '../inflated.js';

/** A sink that can be told where its chunk ends: ChunkScanner. */
export interface RangeSink extends ByteSink {
  endAt(position: number): void;
}

/** What came of a range. */
export interface PouredRange {
  readonly range: RangeFacts;
  readonly outcome: InflateOutcome;
  /** Position at which the range ended; null: its end was not met. */
  readonly end: number | null;
}

/**
 * Inflates a chunk of a packed file into its scanner, which is told where the range ends, and goes on behind
 * it until the last record is complete.
 * @param stream the file from the begin of the range on, in pieces that end where those of the whole file do
 */
export async function pourRange(
  stream: ByteStream,
  compression: Compression,
  plan: ChunkPlan & { readonly packed: PackedRange },
  sink: RangeSink,
  bound = inflateBoundDefault,
): Promise<PouredRange> {
  const { from, to, position: first, bytesMax, before } = plan.packed;
  const isWhole = plan.start === first && (plan.end === null || plan.end === first + bytesMax);
  let position = first;
  let end: number | null = null;
  let missed = false;
  const inflated = inflateWithin(stream, compression, from, before === undefined ? null : { before, bound }, (at) => {
    if (at === to) {
      end = position;
      sink.endAt(end);
    } else missed ||= to !== null && at > to && end === null;
  });
  for await (const bytes of inflated.bytes) {
    if (missed) break;
    pourBytes(bytes.subarray(Math.max(0, plan.start - position)), sink);
    position += bytes.length;
    missed = before === undefined && position - first > bytesMax;
    if (missed || (sink.done && (to === null || end !== null || !isWhole))) break;
  }
  // Typed anew: it was set by the function above.
  const met = end as number | null;
  const fits = !missed && (to === null || met !== null);
  const range = { bytes: (met ?? position) - first, inflated: position - first, fits };
  return { range, outcome: inflated.outcome(), end: met };
}

/** The position at which the next range begins stands for the end of this one. */
export function placed<Result extends ChunkResult>(result: Result, { range, end }: PouredRange): Result {
  const { packed } = result.plan;
  if (packed === undefined) return result;
  const behind = end === null ? -1 : result.end - end;
  return { ...result, range, end: behind < 0 ? result.end : packed.position + packed.bytesMax + behind };
}

function inflateWithin(
  stream: ByteStream,
  compression: Compression,
  from: number,
  whole: { readonly before: number; readonly bound: InflateBound } | null,
  onPart: (at: number) => void,
) {
  const inflate = inflaterOf(compression);
  if (whole === null) return inflate(stream, from, onPart);
  let packedBytes = from;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const bytes of stream) {
      packedBytes += bytes.length;
      yield bytes;
    }
  }
  return boundBy(inflate(counted(), from, onPart), () => packedBytes, whole.bound, whole.before);
}
