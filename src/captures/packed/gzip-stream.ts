import { crc32 } from 'node:zlib';
import { ByteReader, type ByteStream, restOf, skipZeros } from '../file/byte-reader.js';
import { joinCrc } from './crc-join.js';
import { skipGzipHeader } from './gzip-header.js';
import { inflated, StreamCut, StreamDamaged, type Inflated } from './inflated.js';
import { RawInflater, stepBytes } from './raw-inflater.js';

/**
 * Inflates gzip: any number of members, each checked against its CRC and length. node:zlib's Gunzip
 * drops bytes that it had inflated when it meets damage, does not tell a cut stream from a whole one, and is
 * slower. Zeros behind a member are padding (of tapes and of blocks): a member behind them is one more. Other
 * bytes are counted and ignored.
 * @param from of the stream's first byte in the file: a member begins there
 * @param onPart hears where each member begins, once all before it was given
 */
export function inflateGzip(stream: ByteStream, from = 0, onPart?: (at: number) => void): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream, from);
    try {
      return (await (yield* gzipMembers(reader, { ...gzipBegin, bit: from * 8 }, null, onPart))) as number;
    } finally {
      await reader.close();
    }
  });
}

/** A member that is being inflated. */
export class OpenMember {
  /** Bytes that it has given so far, and their CRC-32. */
  length = 0;
  private crc = 0;

  /** @param dataAt where its header ends, in the file */
  constructor(readonly dataAt: number) {}

  add(bytes: Uint8Array): void {
    this.crc = crc32(bytes, this.crc);
    this.length += bytes.length;
  }

  /** The same of bytes whose CRC-32 is known. */
  join(crc: number, length: number): void {
    this.crc = joinCrc(this.crc, crc, length);
    this.length += length;
  }

  /** Checks what is behind the data. Throws StreamCut or StreamDamaged. */
  async end(reader: ByteReader): Promise<void> {
    const at = reader.position;
    const trailer = await reader.upTo(8);
    if (trailer.length < 8) throw new StreamCut();
    const view = new DataView(trailer.buffer, trailer.byteOffset, 8);
    if (view.getUint32(0, true) !== this.crc || view.getUint32(4, true) !== this.length % 2 ** 32) {
      throw new StreamDamaged(`gzip checksum or length at offset ${at} differs from the data`);
    }
  }
}

/** A place in a gzip file from which it can be read in order. */
export interface GzipPlace {
  /** In bits. */
  readonly bit: number;
  /**
   * The member that the place is in: at the begin of a block, or behind the last one. Null: between members.
   */
  readonly open: OpenMember | null;
  /** Of an open member: its data has ended. */
  readonly ended: boolean;
  /** The 32 KiB before the place, of an open member whose data goes on. */
  readonly window: Uint8Array | null;
}

export const gzipBegin: GzipPlace = { bit: 0, open: null, ended: false, window: null };

/**
 * The bytes of members, until that is enough.
 * @param reader at the first byte that holds a bit behind `from`
 * @param enough asked where a member has ended, and where a block begins, with the member that is open there
 * as it was up to some kilobytes before; null: never
 * @param onMember hears where each member begins
 * @returns the place where it was enough; else the number of bytes behind the last member
 */
export async function* gzipMembers(
  reader: ByteReader,
  from: GzipPlace,
  enough: ((bit: number, open: OpenMember | null) => boolean) | null,
  onMember: (at: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, GzipPlace | number> {
  const inflater = new RawInflater();
  try {
    return yield* membersBy(inflater, reader, from, enough, onMember);
  } finally {
    inflater.close();
  }
}

async function* membersBy(
  inflater: RawInflater,
  reader: ByteReader,
  from: GzipPlace,
  enough: ((bit: number, open: OpenMember | null) => boolean) | null,
  onMember: (at: number) => void,
): AsyncGenerator<Uint8Array, GzipPlace | number> {
  for (let place = from; ;) {
    let { open } = place;
    if (open === null) {
      if (place.bit > 0 && !(await anotherMember(reader))) return restOf(reader);
      onMember(reader.position);
      await skipGzipHeader(reader);
      inflater.reset();
      open = new OpenMember(reader.position);
    } else if (!place.ended) inflater.resume(place.window!, place.bit % 8);
    if (!place.ended) {
      const pause = yield* data(reader, inflater, open, enough);
      if (pause !== null) return { bit: pause, open, ended: false, window: inflater.window() };
    }
    await open.end(reader);
    place = { ...gzipBegin, bit: reader.position * 8 };
    if (enough?.(place.bit, null) === true) return place;
  }
}

async function anotherMember(reader: ByteReader): Promise<boolean> {
  await skipZeros(reader);
  const next = await reader.peek(2);
  return next[0] === 0x1f && next[1] === 0x8b;
}

/**
 * The data of a member from where its inflater is. Returns the bit of the block where it was enough, or null
 * at the end of the data.
 */
async function* data(
  reader: ByteReader,
  inflater: RawInflater,
  open: OpenMember,
  enough: ((bit: number, open: OpenMember) => boolean) | null,
): AsyncGenerator<Uint8Array, number | null> {
  // Steps end where they do when a file is read from its begin: where damage is found, is told by the step.
  const goesOn = reader.position > open.dataAt;
  for (let most = goesOn ? stepBytes - (reader.position % stepBytes) : stepBytes; ; most = stepBytes) {
    const input = await reader.some(most);
    if (input === null) throw new StreamCut();
    const at = reader.position;
    const step = inflater.step(input, enough === null ? null : (unusedBits) => enough(at * 8 - unusedBits, open));
    if (step.unused !== null) reader.unread(input.subarray(input.length - step.unused));
    if (step.bytes !== null) {
      open.add(step.bytes);
      yield step.bytes;
    }
    if (step.damaged) throw new StreamDamaged(`gzip data damaged before offset ${at}`);
    if (step.unused !== null) return null;
    if (step.paused !== null) return at * 8 - step.paused;
  }
}
