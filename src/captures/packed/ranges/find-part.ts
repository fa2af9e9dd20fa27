import { crc32 } from 'node:zlib';
import { ByteReader, type ByteStream } from '../../file/byte-reader.js';
import type { Compression } from '../compression.js';
import { gzipHeaderEnd } from '../gzip-header.js';
import { StreamCut, StreamDamaged } from '../inflated.js';
import { Lz4Decoder } from '../lz4-decoder.js';
import { readLz4Header } from '../lz4-header.js';
import { RawInflater, stepBytes } from '../raw-inflater.js';
import { looksLikeFrame } from '../zstd-frames.js';

/** A packed file that is looked into at any place. */
export interface PackedFile {
  readonly sizeBytes: number;
  /** So many bytes from a place on, fewer where the file ends. Valid until the next call. */
  read(at: number, bytes: number): Uint8Array;
  /** All from a place on, in pieces that end where those of the whole file do. */
  stream(from: number): ByteStream;
}

/**
 * Bytes behind a place at which the next member or frame is looked for: those of pzstd and of joined files
 * have as many.
 */
export const searchBytesMax = 16 * 1024 * 1024;
/**
 * Places that look like a member or frame at first and then are none, after which a search ends: a download
 * of gzip in a capture has many.
 */
export const triesMax = 16;
/** Bytes that are read at once to search them. */
const pieceBytes = 1024 * 1024;
/** Bytes of a place that are looked at to judge it. Members of bgzip have half as many. */
const judgedBytes = 128 * 1024;

/** How a member or frame begins. Skippable frames are none. */
const begins: Readonly<Record<Compression, Buffer>> = {
  gzip: Buffer.from('1f8b08', 'hex'),
  zstd: Buffer.from('28b52ffd', 'hex'),
  lz4: Buffer.from('04224d18', 'hex'),
};

/**
 * The first place from `from` on, before `to`, at which a member of gzip or a frame seems to begin. It may be
 * none, so whoever takes it for one has to see what comes before it end there. Null: there is none within
 * reach.
 */
export async function findPart(
  file: PackedFile,
  compression: Compression,
  from: number,
  to: number,
): Promise<number | null> {
  const begin = begins[compression];
  const end = Math.min(to, from + searchBytesMax);
  for (let piece = from, tries = 0; piece < end; piece += pieceBytes) {
    const places = placesOf(begin, file.read(piece, Math.min(pieceBytes, end - piece) + begin.length - 1));
    for (const place of places) {
      if (++tries > triesMax) return null;
      if (await seemsPart(compression, file.read(piece + place, judgedBytes))) return piece + place;
    }
  }
  return null;
}

function placesOf(begin: Buffer, bytes: Uint8Array): number[] {
  const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const places: number[] = [];
  for (let at = searched.indexOf(begin); at !== -1; at = searched.indexOf(begin, at + 1)) places.push(at);
  return places;
}

async function seemsPart(compression: Compression, bytes: Uint8Array): Promise<boolean> {
  if (compression === 'gzip') return seemsMember(bytes);
  if (compression === 'zstd') return looksLikeFrame(bytes);
  const decoder = new Lz4Decoder();
  try {
    await readLz4Header(new ByteReader(asStream(bytes)), decoder);
    return true;
  } catch (error) {
    if (error instanceof StreamDamaged || error instanceof StreamCut) return false;
    throw error;
  } finally {
    decoder.close();
  }
}

async function* asStream(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

/** Inflates what is there of a member. */
function seemsMember(bytes: Uint8Array): boolean {
  const begin = gzipHeaderEnd(bytes, 0);
  if (begin === null) return false;
  const inflater = new RawInflater();
  try {
    inflater.reset();
    let crc = 0;
    for (let at = begin; at < bytes.length; at += stepBytes) {
      const input = bytes.subarray(at, at + stepBytes);
      const step = inflater.step(input);
      if (step.damaged) return false;
      if (step.bytes !== null) crc = crc32(step.bytes, crc);
      if (step.unused === null) continue;
      const trailer = at + input.length - step.unused;
      const stored = new DataView(bytes.buffer, bytes.byteOffset);
      return trailer + 4 > bytes.length || stored.getUint32(trailer, true) === crc;
    }
    return true;
  } finally {
    inflater.close();
  }
}
