import type { InflateOutcome } from '../captures/inflated.js';
import { TriremeError } from '../common/errors.js';
import { ScanChunkResult } from '../gen/trireme/v1/capture.js';
import type { ChunkPlan, ChunkResult } from '../pcap/types.js';

export interface ChunkAnswer {
  readonly result: ChunkResult;
  readonly outcome: InflateOutcome;
}

/**
 * Reads a worker's answer to a chunk. The plan is ours, whatever the answer says; the merger checks the facts.
 * @throws TriremeError INTERNAL when the answer is not one to this plan
 */
export function readAnswer(bytes: Uint8Array, plan: ChunkPlan): ChunkAnswer {
  let head: ChunkResult;
  let answer: ScanChunkResult;
  try {
    answer = ScanChunkResult.decode(bytes);
    head = JSON.parse(answer.resultJson) as ChunkResult;
  } catch (error) {
    throw new TriremeError('INTERNAL', `a worker's answer to the chunk at ${plan.start} cannot be read`, {
      cause: error,
    });
  }
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
