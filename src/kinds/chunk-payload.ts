import { TriremeError } from '../common/errors.js';
import { ScanChunk } from '../gen/trireme/v1/capture.js';
import type { ChunkPlan } from '../pcap/types.js';

/** What the payload of a SCAN_CHUNK or an EXTRACT_CHUNK job says. */
export interface ChunkPayload {
  readonly chunk: ScanChunk;
  readonly plan: ChunkPlan;
}

/** By the bytes themselves: what a chunk costs and where its bytes are is asked of the same ones on one thread. */
const read = new WeakMap<Uint8Array, ChunkPayload>();

/** Reads a payload, the same one only once. Throws when it is no chunk's. */
export function chunkIn(payload: Uint8Array): ChunkPayload {
  let told = read.get(payload);
  if (told === undefined) {
    const chunk = ScanChunk.decode(payload);
    told = { chunk, plan: planOf(chunk.planJson) };
    read.set(payload, told);
  }
  return told;
}

function planOf(json: string): ChunkPlan {
  const plan = JSON.parse(json) as ChunkPlan;
  if (Number.isSafeInteger(plan?.start) && plan.start >= 0 && (plan.end === null || Number.isSafeInteger(plan.end)))
    return plan;
  throw new TriremeError('INTERNAL', `the plan ${json.slice(0, 100)} is not of a range of a file`);
}

/** Bytes of the chunk in the file as it is stored: what its cost is counted in. Throws when the payload is no chunk's. */
export function bytesOf(payload: Uint8Array): number {
  const { chunk, plan } = chunkIn(payload);
  const sizeBytes = sizeOf(chunk);
  const bytes = chunk.compression === '' ? (plan.end ?? sizeBytes) - plan.start : sizeBytes;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 1;
}

/** Bytes of the file that are counted: it may have more by now. */
export function sizeOf({ identity }: ScanChunk): number {
  return Number(identity?.sizeBytes ?? 0n);
}
