import { TriremeError } from '../common/errors.js';
import { ScanChunk } from '../gen/trireme/v1/capture.js';
import { storedRange } from '../pcap/chunk-plans.js';
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
  if (isPlace(plan?.start) && (plan.end === null || isPlace(plan.end)) && isRange(plan.packed)) return plan;
  throw new TriremeError('INTERNAL', `the plan ${json.slice(0, 100)} is not of a range of a file`);
}

const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function isRange(range: ChunkPlan['packed']): boolean {
  if (range === undefined) return true;
  const { from, to, position, bytesMax, before = 0 } = range ?? {};
  return [from, to ?? 0, position, bytesMax, before].every(isPlace);
}

/**
 * Bytes of the chunk in the file as it is stored: what its cost is counted in. Throws when the payload is no chunk's.
 */
export function bytesOf(payload: Uint8Array): number {
  const { chunk, plan } = chunkIn(payload);
  const sizeBytes = sizeOf(chunk);
  const { from, to } = storedRange(plan, sizeBytes);
  const bytes = to - from;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 1;
}

/** Bytes of the file that are counted: it may have more by now. */
export function sizeOf({ identity }: ScanChunk): number {
  return Number(identity?.sizeBytes ?? 0n);
}
