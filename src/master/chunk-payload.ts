import type { Compression, RangeCompression } from '../captures/packed/compression.js';
import { ScanChunk, type ScanParts } from '../gen/trireme/v1/capture.js';
import type { ChunkPlan } from '../pcap/types.js';
import type { PlannedFile } from './merge-messages.js';
import type { OpenCapture } from './open-capture.js';

/**
 * The payload of a job about one chunk.
 * @param source name of the capture at ChunkSource
 * @param options of the scan, or of the extraction
 * @param files of the chunk, where the capture is a joined one
 */
export function chunkPayload(
  { path, identity, bytes }: OpenCapture,
  source: string,
  plan: ChunkPlan,
  options: object,
  compression: Compression | null,
  files?: readonly PlannedFile[],
): Uint8Array {
  return ScanChunk.encode({
    ...{ path, identity, source },
    planJson: JSON.stringify(plan),
    optionsJson: JSON.stringify(options),
    compression: compression === null ? '' : plan.packed === undefined ? compression : rangeOf(compression),
    joined: bytes.at === 'join' && files !== undefined ? partsOf(bytes.joined, files) : undefined,
    urlPrefix: bytes.at === 'url' ? (bytes.source.prefix ?? undefined) : undefined,
  }).finish();
}

const rangeOf = (compression: Compression): RangeCompression => `${compression}-range`;

type Joined = Extract<OpenCapture['bytes'], { readonly at: 'join' }>['joined'];

function partsOf(joined: Joined, files: readonly PlannedFile[]): ScanParts {
  return {
    parts: files.map(({ part, compression }) => {
      const { name, path, sizeBytes, endsSha256, offset } = joined.parts[part];
      return {
        ...{ name, path, endsSha256 },
        sizeBytes: BigInt(sizeBytes),
        offset: BigInt(offset),
        compression: compression ?? '',
      };
    }),
  };
}
