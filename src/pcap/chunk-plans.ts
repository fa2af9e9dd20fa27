import { TriremeError } from '../common/errors.js';
import type { CaptureHeader, ChunkPlan } from './types.js';

/** The whole file as one chunk: the plan for one core, for packed captures and for standard input. */
export const wholeFilePlan: ChunkPlan = { start: 0, end: null, startCertain: true, state: null };

/** Where the bytes of a chunk are in a file of that size as it is stored. */
export function storedRange({ start, end, packed }: ChunkPlan, sizeBytes: number): { from: number; to: number } {
  const { from, to } = packed ?? { from: start, to: end };
  return { from, to: to ?? sizeBytes };
}

/** More chunks cost more seams than any cluster gains. */
export const chunksMax = 65_536;

/**
 * Cuts a file without reading it: into equal chunks, or into shares of the whole that add up to 1. Chunk 0
 * begins with the file header; the others look for their first record. Without a known state (not a capture,
 * or its headers are longer than what was read) there is one chunk.
 */
export function planChunks(
  header: CaptureHeader,
  sizing: { readonly chunkCount: number } | { readonly chunkBytes: number } | { readonly shares: readonly number[] },
): ChunkPlan[] {
  const asked =
    'shares' in sizing
      ? sizing.shares.length
      : 'chunkCount' in sizing
        ? sizing.chunkCount
        : Math.ceil(header.fileSize / sizing.chunkBytes);
  if (!Number.isInteger(asked) || asked < 0 || asked > chunksMax)
    throw new TriremeError('USAGE', `${asked} chunks are outside 1 to ${chunksMax}: choose larger chunks`);
  const { state, firstRecord, fileSize } = header;
  if (state === null || asked <= 1 || fileSize <= firstRecord) return [wholeFilePlan];
  const cuts = [0];
  let before = 0;
  for (let i = 1; i < asked; i++) {
    before += 'shares' in sizing ? sizing.shares[i - 1] : 1 / asked;
    const cut = firstRecord + Math.floor((fileSize - firstRecord) * before);
    if (cut > cuts[cuts.length - 1] && cut > firstRecord && cut < fileSize) cuts.push(cut);
  }
  return cuts.map((start, i) => ({
    start,
    end: i + 1 < cuts.length ? cuts[i + 1] : null,
    startCertain: i === 0,
    state: i === 0 ? null : state,
  }));
}
