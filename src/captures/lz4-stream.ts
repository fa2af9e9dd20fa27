import { ByteReader, type ByteStream } from './byte-reader.js';
import { inflated, StreamCut, StreamDamaged, type Inflated } from './inflated.js';
import { Lz4Decoder } from './lz4-decoder.js';
import { readLz4Header, type Lz4Header } from './lz4-header.js';
import {
  exactly,
  isLz4,
  isSkippable,
  littleEndian,
  lz4LegacyMagic,
  lz4Magic,
  magicBytes,
  skipSkippable,
} from './packed-frames.js';
import { restOf, skipZeros } from './stream-end.js';

/** What a block of the legacy form unpacks to at most, and how long it is then (LZ4_compressBound). */
const legacyBlockBytes = 8 * 1024 * 1024;
const legacyPackedBytesMax = legacyBlockBytes + Math.floor(legacyBlockBytes / 255) + 16;

/** How blocks are decoded: what is known of a frame, and of all blocks of the legacy form. */
type BlockForm = Pick<Lz4Header, 'blockBytesMax' | 'independent' | 'blockChecksums'>;

const legacyForm: BlockForm = { blockBytesMax: legacyBlockBytes, independent: true, blockChecksums: false };

/**
 * Inflates LZ4: any number of frames of either form, skippable ones skipped, zeros between them too, every checksum that is
 * there verified. Other bytes behind the last frame are counted and ignored. Of a block that the file cuts, what is there is
 * given, unless it has a checksum.
 */
export function inflateLz4(stream: ByteStream): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream);
    const decoder = new Lz4Decoder();
    try {
      for (let frames = 0; ;) {
        const at = reader.position;
        const magic = await nextWord(reader);
        if (isSkippable(magic)) await skipSkippable(reader);
        else if (isLz4(magic)) {
          yield* magic === lz4Magic ? frame(reader, decoder, at) : legacyFrame(reader, decoder);
          frames++;
        } else if (frames > 0) return await restOf(reader);
        else throw new StreamDamaged(`no LZ4 frame at offset ${at}`);
        await skipZeros(reader);
      }
    } finally {
      decoder.close();
      await reader.close();
    }
  });
}

/** The next four bytes, not handed out; 0 where fewer are left. */
async function nextWord(reader: ByteReader): Promise<number> {
  const head = await reader.peek(magicBytes);
  return head.length < magicBytes ? 0 : littleEndian(head, 0, magicBytes);
}

async function* frame(reader: ByteReader, decoder: Lz4Decoder, at: number): AsyncGenerator<Uint8Array> {
  const header = await readLz4Header(reader, decoder);
  decoder.beginFrame(header.contentChecksum);
  let bytes = 0;
  for (;;) {
    const blockAt = reader.position;
    const word = littleEndian(await exactly(reader, 4), 0, 4);
    if (word === 0) break;
    const stored = word >= 2 ** 31;
    const size = stored ? word - 2 ** 31 : word;
    if (size > header.blockBytesMax) throw malformed(blockAt);
    for await (const piece of block(reader, decoder, { ...header, at: blockAt, size, stored })) {
      bytes += piece.length;
      yield piece;
    }
  }
  if (header.contentChecksum) {
    const wanted = littleEndian(await exactly(reader, 4), 0, 4);
    if (wanted !== decoder.contentHash())
      throw new StreamDamaged(`LZ4 checksum at offset ${reader.position - 4} differs from the data`);
  }
  if (header.contentBytes !== null && header.contentBytes !== bytes)
    throw new StreamDamaged(`LZ4 frame at offset ${at} says that it holds ${header.contentBytes} bytes, and holds ${bytes}`);
}

/** It has no end of its own: it ends where what follows cannot be the length of a block. */
async function* legacyFrame(reader: ByteReader, decoder: Lz4Decoder): AsyncGenerator<Uint8Array> {
  await exactly(reader, magicBytes);
  decoder.beginFrame(false);
  for (;;) {
    const at = reader.position;
    const size = await nextWord(reader);
    if (size === 0 || size === lz4LegacyMagic || size > legacyPackedBytesMax) return;
    await exactly(reader, 4);
    yield* block(reader, decoder, { ...legacyForm, at, size, stored: false });
  }
}

interface Block extends BlockForm {
  /** Where its length stands in the file. */
  readonly at: number;
  readonly size: number;
  readonly stored: boolean;
}

async function* block(
  reader: ByteReader,
  decoder: Lz4Decoder,
  { at, size, stored, blockBytesMax, independent, blockChecksums }: Block,
): AsyncGenerator<Uint8Array> {
  const held = await fill(reader, decoder, size);
  const whole = held === size;
  if (blockChecksums) {
    if (!whole) throw new StreamCut();
    if (littleEndian(await exactly(reader, 4), 0, 4) !== decoder.inputHash(size))
      throw new StreamDamaged(`LZ4 block at offset ${at} differs from its checksum`);
  }
  const pieces = decoder.block(held, stored, independent);
  let bytes = 0;
  for (let next = pieces.next(); ; next = pieces.next()) {
    if (next.done === true) {
      if (next.value === 'damaged' || (next.value === 'cut' && whole)) throw malformed(at);
      break;
    }
    bytes += next.value.length;
    if (bytes > blockBytesMax) throw malformed(at);
    yield next.value;
  }
  if (!whole) throw new StreamCut();
}

/** Puts the bytes of a block into the decoder; fewer where the stream ends. */
async function fill(reader: ByteReader, decoder: Lz4Decoder, size: number): Promise<number> {
  let held = 0;
  while (held < size) {
    const bytes = await reader.some(size - held);
    if (bytes === null) break;
    decoder.input(size).set(bytes, held);
    held += bytes.length;
  }
  return held;
}

function malformed(at: number): StreamDamaged {
  return new StreamDamaged(`LZ4 block at offset ${at} is malformed`);
}
