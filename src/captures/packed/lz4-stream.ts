import { ByteReader, type ByteStream, restOf, skipZeros } from '../file/byte-reader.js';
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

/** What a block of the legacy form unpacks to at most, and how long it is then (LZ4_compressBound). */
const legacyBlockBytes = 8 * 1024 * 1024;
const legacyPackedBytesMax = legacyBlockBytes + Math.floor(legacyBlockBytes / 255) + 16;

/**
 * Output of small blocks that is handed on at once: each step of a stream costs about what decoding 4 KiB
 * costs.
 */
const gatheredBytes = 128 * 1024;

/** How blocks are decoded: what is known of a frame, and of all blocks of the legacy form. */
type BlockForm = Pick<Lz4Header, 'blockBytesMax' | 'independent' | 'blockChecksums'>;

const legacyForm: BlockForm = { blockBytesMax: legacyBlockBytes, independent: true, blockChecksums: false };

/**
 * Inflates LZ4: any number of frames of either form, skippable ones skipped, zeros between them too, every
 * checksum that is there verified. Other bytes behind the last frame are counted and ignored. Of a block that
 * the file cuts, what is there is given, unless it has a checksum.
 * @param from of the stream's first byte in the file: a frame begins there
 * @param onPart hears where each frame begins, once all before it was given
 */
export function inflateLz4(stream: ByteStream, from = 0, onPart: (at: number) => void = () => undefined): Inflated {
  return inflated(async function* () {
    const reader = new ByteReader(stream, from);
    const decoder = new Lz4Decoder();
    try {
      for (let frames = from > 0 ? 1 : 0; ;) {
        const at = reader.position;
        onPart(at);
        const magic = await nextWord(reader);
        if (isSkippable(magic)) await skipSkippable(reader);
        else if (isLz4(magic)) {
          yield* magic === lz4Magic ? frame(reader, decoder, at) : legacyFrame(reader, decoder);
          frames++;
        } else if (frames > 0) return await restOf(reader);
        else throw new StreamDamaged(`no LZ4 frame at offset ${at}`);
        await skipZeros(reader);
      }
    } catch (error) {
      // What came before is good.
      yield* waiting(decoder);
      throw error;
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
    const word = littleEndian(reader.held(4) ?? (await exactly(reader, 4)), 0, 4);
    if (word === 0) break;
    const stored = word >= 2 ** 31;
    const size = stored ? word - 2 ** 31 : word;
    if (size > header.blockBytesMax) throw malformed(blockAt);
    const block = { ...header, at: blockAt, size, stored };
    const held = fillHeld(reader, decoder, block) ?? (await fill(reader, decoder, block));
    bytes += yield* decoded(decoder, block, held);
    if (mustFlush(reader, decoder)) yield* waiting(decoder);
  }
  yield* waiting(decoder);
  if (header.contentChecksum) {
    const wanted = littleEndian(await exactly(reader, 4), 0, 4);
    if (wanted !== decoder.contentHash())
      throw new StreamDamaged(`LZ4 checksum at offset ${reader.position - 4} differs from the data`);
  }
  if (header.contentBytes !== null && header.contentBytes !== bytes)
    throw new StreamDamaged(
      `LZ4 frame at offset ${at} says that it holds ${header.contentBytes} bytes, and holds ${bytes}`,
    );
}

/** It has no end of its own: it ends where what follows cannot be the length of a block. */
async function* legacyFrame(reader: ByteReader, decoder: Lz4Decoder): AsyncGenerator<Uint8Array> {
  await exactly(reader, magicBytes);
  decoder.beginFrame(false);
  for (;;) {
    const at = reader.position;
    const size = await nextWord(reader);
    if (size === 0 || size === lz4LegacyMagic || size > legacyPackedBytesMax) break;
    await exactly(reader, 4);
    const block = { ...legacyForm, at, size, stored: false };
    yield* decoded(decoder, block, await fill(reader, decoder, block));
  }
  yield* waiting(decoder);
}

interface Block extends BlockForm {
  /** Where its length stands in the file. */
  readonly at: number;
  readonly size: number;
  readonly stored: boolean;
}

/** Puts a block that has come already into the decoder; null: it has not, or is looked at with care. */
function fillHeld(reader: ByteReader, decoder: Lz4Decoder, { size, blockChecksums }: Block): number | null {
  const bytes = blockChecksums ? null : reader.held(size);
  if (bytes === null) return null;
  decoder.input(size).set(bytes);
  return size;
}

/**
 * Puts the bytes of a block into the decoder, fewer where the stream ends, and checks them where they have a
 * checksum.
 */
async function fill(reader: ByteReader, decoder: Lz4Decoder, { at, size, blockChecksums }: Block): Promise<number> {
  let held = 0;
  while (held < size) {
    const bytes = await reader.some(size - held);
    if (bytes === null) break;
    decoder.input(size).set(bytes, held);
    held += bytes.length;
  }
  if (!blockChecksums) return held;
  if (held < size) throw new StreamCut();
  if (littleEndian(await exactly(reader, 4), 0, 4) !== decoder.inputHash(size))
    throw new StreamDamaged(`LZ4 block at offset ${at} differs from its checksum`);
  return held;
}

/**
 * Decodes as many bytes of a block as are held. Output is yielded where there is no more room for it; the
 * last of it waits.
 * @returns bytes of the block's content
 */
function* decoded(
  decoder: Lz4Decoder,
  { at, size, stored, independent, blockBytesMax }: Block,
  held: number,
): Generator<Uint8Array, number> {
  decoder.beginBlock(held, stored, independent);
  let bytes = 0;
  for (;;) {
    const before = decoder.outputBytes;
    const end = decoder.decode();
    bytes += decoder.outputBytes - before;
    if (bytes > blockBytesMax || end === 'damaged' || (end === 'cut' && held === size)) throw malformed(at);
    if (end === 'full') yield* waiting(decoder);
    else if (held < size) throw new StreamCut();
    else return bytes;
  }
}

/** Output is handed on when there is much of it, and before more input is waited for. */
function mustFlush(reader: ByteReader, decoder: Lz4Decoder): boolean {
  return decoder.outputBytes >= gatheredBytes || reader.heldBytes < 4;
}

function* waiting(decoder: Lz4Decoder): Generator<Uint8Array, void> {
  if (decoder.outputBytes === 0) return;
  yield decoder.output();
  decoder.taken();
}

function malformed(at: number): StreamDamaged {
  return new StreamDamaged(`LZ4 block at offset ${at} is malformed`);
}
