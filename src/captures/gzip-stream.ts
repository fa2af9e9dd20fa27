import { crc32 } from 'node:zlib';
import { ByteReader, type ByteStream, restOf, skipZeros } from './byte-reader.js';
import { skipGzipHeader } from './gzip-header.js';
import { inflated, StreamCut, StreamDamaged, type Inflated } from './inflated.js';
import { RawInflater, stepBytes } from './raw-inflater.js';

/**
 * Inflates gzip: any number of members, each checked against its CRC and length. node:zlib's Gunzip
 * drops bytes that it had inflated when it meets damage, does not tell a cut stream from a whole one, and is slower.
 * Zeros behind a member are padding (of tapes and of blocks): a member behind them is one more. Other bytes are counted and
 * ignored.
 */
export function inflateGzip(stream: ByteStream): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream);
    try {
      return (await (yield* gzipMembers(reader, false, () => false)))!;
    } finally {
      await reader.close();
    }
  });
}

/**
 * The bytes of members, until one has ended and that is enough.
 * @param between a member has ended before, so that padding, others' bytes or the end may come
 * @returns null: it was enough; else the bytes behind the last member
 */
export async function* gzipMembers(
  reader: ByteReader,
  between: boolean,
  enough: (position: number) => boolean,
): AsyncGenerator<Uint8Array, number | null> {
  const inflater = new RawInflater();
  for (let first = !between; first || (await anotherMember(reader)); first = false) {
    yield* member(reader, inflater);
    if (enough(reader.position)) return null;
  }
  return restOf(reader);
}

async function anotherMember(reader: ByteReader): Promise<boolean> {
  await skipZeros(reader);
  const next = await reader.peek(2);
  return next[0] === 0x1f && next[1] === 0x8b;
}

async function* member(reader: ByteReader, inflater: RawInflater): AsyncGenerator<Uint8Array> {
  await skipGzipHeader(reader);
  inflater.reset();
  let crc = 0;
  let length = 0;
  for (let input = await reader.some(stepBytes); ;) {
    if (input === null) throw new StreamCut();
    const at = reader.position;
    const step = inflater.step(input);
    if (step.unused !== null) reader.unread(input.subarray(input.length - step.unused));
    if (step.bytes !== null) {
      crc = crc32(step.bytes, crc);
      length = (length + step.bytes.length) >>> 0;
      yield step.bytes;
    }
    if (step.damaged) throw new StreamDamaged(`gzip data damaged before offset ${at}`);
    if (step.unused !== null) break;
    input = await reader.some(stepBytes);
  }
  const at = reader.position;
  const trailer = await reader.upTo(8);
  if (trailer.length < 8) throw new StreamCut();
  const view = new DataView(trailer.buffer, trailer.byteOffset, 8);
  if (view.getUint32(0, true) !== crc || view.getUint32(4, true) !== length) {
    throw new StreamDamaged(`gzip checksum or length at offset ${at} differs from the data`);
  }
}
