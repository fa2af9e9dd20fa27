import { chunksMax } from '../../../pcap/chunk-plans.js';
import { knowingFirst, needsFirst } from '../../../pcap/first-time.js';
import { firstTime } from '../../../pcap/head-reader.js';
import { headerBytesWanted, readHeader } from '../../../pcap/read-header.js';
import type { ChunkPlan, ScanOptions } from '../../../pcap/types.js';
import type { Compression } from '../compression.js';
import { inflate, inflateBoundDefault, type InflateBound } from '../inflate-bound.js';
import { findPart, type PackedFile } from './find-part.js';

/**
 * Cuts in a row behind which no member or frame begins, after which none is looked for: most packed files are
 * one member, and their master should not read all of them first.
 */
export const barrenCutsMax = 8;

/** A packed file in ranges that are scanned on their own. */
export interface RangePlans {
  readonly plans: readonly ChunkPlan[];
  /** What each is scanned with: what was asked for, and what the first packet adds to it. */
  readonly scan: ScanOptions;
}

/**
 * Cuts a packed file into ranges of about so many packed bytes, each of whole members or frames. Of the file
 * only some places are read. Null: it is to be read in order, because it is one member or frame, or what is
 * inside cannot be cut.
 */
export async function planRanges(
  module: WebAssembly.Module,
  file: PackedFile,
  compression: Compression,
  chunkBytes: number,
  scan: ScanOptions,
  bound = inflateBoundDefault,
): Promise<RangePlans | null> {
  const starts = await startsOf(file, compression, Math.max(chunkBytes, Math.ceil(file.sizeBytes / chunksMax)));
  if (starts.length === 1) return null;
  const head = await inflatedHead(file, compression);
  const { state } = readHeader(module, head, head.length);
  const firstNs = needsFirst(scan.span) ? firstTime(module, head) : '';
  if (state === null || firstNs === null) return null;
  const plans: ChunkPlan[] = [];
  let position = 0;
  for (const [i, from] of starts.entries()) {
    const to = i + 1 < starts.length ? starts[i + 1] : null;
    const bytesMax = mostOf((to ?? file.sizeBytes) - from, bound);
    const end = to === null ? null : position + bytesMax;
    const packed = { from, to, position, bytesMax };
    plans.push({ start: position, end, startCertain: i === 0, state: i === 0 ? null : state, packed });
    position += bytesMax;
  }
  // Positions are whole numbers; a file of 4 TB has less.
  if (!Number.isSafeInteger(position)) return null;
  return { plans, scan: firstNs === '' ? scan : knowingFirst(scan, firstNs) };
}

/** What any file of that size may inflate to. */
function mostOf(packedBytes: number, { freeBytes, ratioMax }: InflateBound): number {
  return freeBytes + ratioMax * packedBytes;
}

async function startsOf(file: PackedFile, compression: Compression, chunkBytes: number): Promise<number[]> {
  const starts = [0];
  for (let cut = chunkBytes, barren = 0; cut < file.sizeBytes && barren < barrenCutsMax; cut += chunkBytes) {
    const found = await findPart(file, compression, cut, Math.min(cut + chunkBytes, file.sizeBytes));
    if (found === null) barren++;
    else {
      barren = 0;
      starts.push(found);
    }
  }
  return starts;
}

/** The first bytes of what is inside: enough to read its headers. */
async function inflatedHead(file: PackedFile, compression: Compression): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of inflate(file.stream(0), compression).bytes) {
    pieces.push(piece.slice(0, headerBytesWanted - bytes));
    bytes += pieces[pieces.length - 1].length;
    if (bytes === headerBytesWanted) break;
  }
  return Buffer.concat(pieces);
}
