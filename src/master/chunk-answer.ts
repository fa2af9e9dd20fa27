import type { InflateOutcome } from '../captures/inflated.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult } from '../gen/trireme/v1/capture.js';
import type { ChunkPlan, ChunkResult } from '../pcap/types.js';

export interface ChunkAnswer {
  readonly result: ChunkResult;
  readonly outcome: InflateOutcome;
}

/**
 * Reads the bytes of an answer and the facts in it, of which nothing is checked yet.
 * @throws TriremeError INTERNAL when they cannot be read
 */
export function decodeAnswer(bytes: Uint8Array, { start }: ChunkPlan): { answer: ScanChunkResult; facts: unknown } {
  try {
    const answer = ScanChunkResult.decode(bytes);
    return { answer, facts: JSON.parse(answer.resultJson) as unknown };
  } catch (error) {
    throw new TriremeError('INTERNAL', `a worker's answer to the chunk at ${start} cannot be read`, { cause: error });
  }
}

/**
 * Reads a worker's answer to a chunk. The plan is ours, whatever the answer says; the merger checks the facts.
 * @throws TriremeError INTERNAL when the answer is not one to this plan
 */
export function readAnswer(bytes: Uint8Array, plan: ChunkPlan): ChunkAnswer {
  const { answer, facts } = decodeAnswer(bytes, plan);
  const head = facts as ChunkResult;
  const theirs = head?.plan;
  if (theirs?.start !== plan.start || theirs.end !== plan.end || theirs.startCertain !== plan.startCertain) {
    throw new TriremeError('INTERNAL', `a worker answered the chunk at ${plan.start} with another one's result`);
  }
  // Copied, because it is handed on to the merging thread and the bytes around it are other jobs'.
  const partial = Uint8Array.from(answer.partial);
  return {
    result: { ...head, plan, partial },
    outcome: {
      truncated: answer.inputTruncated,
      damage: answer.inputDamage === '' ? null : answer.inputDamage,
      restBytes: Number(answer.inputRestBytes ?? 0),
    },
  };
}
