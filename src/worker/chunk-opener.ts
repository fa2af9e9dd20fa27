import { TriremeError } from '../common/errors.js';
import { inParallel } from '../common/in-parallel.js';
import type { ChunkSourceClient, ScanPart } from '../gen/trireme/v1/capture.js';
import { chunkIn } from '../kinds/chunk-payload.js';
import type { CaptureAccess } from '../captures/file/capture-access.js';
import { isUrl } from '../captures/file/capture-name.js';
import { joinedEndBytes } from '../captures/file/identity.js';
import { framed } from '../captures/join/part-frames.js';
import type { UrlPrefix } from '../captures/url/url-prefix.js';
import { urlRange } from './url-range.js';
import { fileOfRange, streamRange } from './range-stream.js';
import type { JobSource } from './threads/types.js';

/** Files of a job that are looked for at once: each takes a few of Node's threads for files in turn. */
const partsOpenMax = 8;

/**
 * Finds the bytes of a SCAN_CHUNK job: the file itself when this machine sees the same one, or the URL; else
 * the hub's bytes.
 */
export async function openChunk(
  payload: Uint8Array,
  access: CaptureAccess,
  /** URLs that this worker may read; null: whatever its hubs name. */
  urls: readonly UrlPrefix[] | null,
  source: ChunkSourceClient | undefined,
  signal: AbortSignal,
): Promise<JobSource> {
  const { chunk, plan } = chunkIn(payload);
  if (chunk.joined !== undefined) return openParts(chunk.joined.parts, chunk.source, access, source, signal);
  const wanted = chunk.identity;
  if (chunk.path !== '' && !isUrl(chunk.path) && wanted !== undefined) {
    const path = await access.find(chunk.path, wanted);
    if (path !== null) return { type: 'file', path };
  }
  if (chunk.source === '') {
    throw new TriremeError(
      'FILE_UNREADABLE',
      `${chunk.path}: not below --captures here, and its hub does not serve it`,
    );
  }
  if (source === undefined) throw new TriremeError('WORKER_LOST', 'the hub that wanted the chunk is gone');
  // A packed file is read from its first byte, or that of a range; positions of its plan are those of what is inside.
  const { start: offset, end } = chunk.compression === '' ? plan : { start: plan.packed?.from ?? 0, end: null };
  const sizeBytes = wanted === undefined ? Number.MAX_SAFE_INTEGER : Number(wanted.sizeBytes);
  const hubsBytes = (from: number): AsyncIterable<Uint8Array> =>
    streamRange(source, chunk.source, from, sizeBytes - from, signal);
  if (!isUrl(chunk.path)) return { type: 'stream', bytes: hubsBytes(offset) };
  return { type: 'stream', bytes: urlRange(chunk, offset, end, urls, hubsBytes, signal) };
}

/** Whole files: all from this machine, or all from the hub, so that a scan reads them in one way. */
async function openParts(
  parts: readonly ScanPart[],
  name: string,
  access: CaptureAccess,
  source: ChunkSourceClient | undefined,
  signal: AbortSignal,
): Promise<JobSource> {
  const found = await inParallel(parts, partsOpenMax, async ({ path, sizeBytes, endsSha256 }) =>
    path === '' ? null : access.find(path, { sizeBytes, endsSha256, endBytes: joinedEndBytes }),
  );
  const paths = found.filter((path) => path !== null);
  if (paths.length === parts.length) return { type: 'file', path: paths[0], paths };
  if (source === undefined) throw new TriremeError('WORKER_LOST', 'the hub that wanted the chunk is gone');
  return { type: 'stream', bytes: partsFromHub(parts, name, source, signal) };
}

function partsFromHub(
  parts: readonly ScanPart[],
  name: string,
  source: ChunkSourceClient,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  return framed(
    parts.map((part) => ({ name: part.name, sizeBytes: Number(part.sizeBytes) })),
    (i) => streamRange(source, name, Number(parts[i].offset), Number(parts[i].sizeBytes), signal),
    fileOfRange,
  );
}
