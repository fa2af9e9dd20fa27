import type { InflateOutcome } from '../captures/packed/inflated.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult } from '../gen/trireme/v1/capture.js';
import type { ChunkPlan, ChunkResult } from '../pcap/types.js';

export interface ChunkAnswer {
  readonly result: ChunkResult;
  readonly outcome: InflateOutcome;
}

/** Options of a scan that every worker knows; of others it tells that it heeds them. */
const heededByAll: readonly string[] = ['intervalNs', 'conversationsMax', 'connection', 'hashSeed', 'packetsMax'];

/** Names of the options of a job that an answer to it must tell of. */
export function mustHeed(options: object): string[] {
  return Object.entries(options)
    .filter(([name, value]) => value !== undefined && !heededByAll.includes(name))
    .map(([name]) => name);
}

/**
 * Reads the bytes of an answer and the facts in it, of which nothing else is checked yet.
 * @param asked of mustHeed()
 * @throws TriremeError INTERNAL when they cannot be read, JOB_FAILED when the worker has passed over an option
 */
export function decodeAnswer(
  bytes: Uint8Array,
  { start }: ChunkPlan,
  asked: readonly string[],
): { answer: ScanChunkResult; facts: unknown } {
  let answer: ScanChunkResult;
  let facts: unknown;
  try {
    answer = ScanChunkResult.decode(bytes);
    facts = JSON.parse(answer.resultJson);
  } catch (error) {
    throw new TriremeError('INTERNAL', `a worker's answer to the chunk at ${start} cannot be read`, { cause: error });
  }
  const { heeds } = (facts ?? {}) as { heeds?: unknown };
  const passed = asked.find((name) => !Array.isArray(heeds) || !heeds.includes(name));
  if (passed === undefined) return { answer, facts };
  throw new TriremeError(
    'JOB_FAILED',
    `a worker of an earlier version has passed over '${passed}': update the workers of this cluster`,
  );
}

/**
 * Reads a worker's answer to a chunk. The plan is ours, whatever the answer says; the merger checks the facts.
 * @throws TriremeError INTERNAL when the answer is not one to this plan, JOB_FAILED as decodeAnswer()
 */
export function readAnswer(bytes: Uint8Array, plan: ChunkPlan, asked: readonly string[] = []): ChunkAnswer {
  const { answer, facts } = decodeAnswer(bytes, plan, asked);
  const head = facts as ChunkResult;
  const theirs = head?.plan;
  if (theirs?.start !== plan.start || theirs.end !== plan.end || theirs.startCertain !== plan.startCertain) {
    throw new TriremeError('INTERNAL', `a worker answered the chunk at ${plan.start} with another one's result`);
  }
  // Copied, because it is handed on to the merging thread and the bytes around it are other jobs'.
  const partial = Uint8Array.from(answer.partial);
  if (plan.packed !== undefined && !tellsRange(head.range))
    throw new TriremeError('JOB_FAILED', `the result of the chunk at ${plan.start} does not tell of its range`);
  return {
    result: { ...head, plan, partial },
    outcome: {
      truncated: answer.inputTruncated,
      damage: answer.inputDamage === '' ? null : answer.inputDamage,
      restBytes: Number(answer.inputRestBytes ?? 0),
    },
  };
}

function tellsRange(range: ChunkResult['range']): boolean {
  const { bytes = -1, inflated = -1, fits } = range ?? {};
  const areCounts = Number.isSafeInteger(bytes) && bytes >= 0 && Number.isSafeInteger(inflated) && inflated >= bytes;
  return areCounts && typeof fits === 'boolean';
}
