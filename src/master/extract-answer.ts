import { errorKinds, TriremeError, type ErrorCode } from '../common/errors.js';
import type { ExtractPiece, ExtractTask } from '../pcap/extract-order.js';
import type { ExtractOutcome } from '../pcap/extractor.js';
import { decodeAnswer } from './chunk-answer.js';

/** A piece, its packets, and what was wrong with the packed stream around them. */
export type AnsweredPiece = ExtractPiece & {
  readonly bytes: Uint8Array;
  readonly inputDamage: string | null;
};

interface Facts {
  readonly plan: ExtractTask['plan'];
  readonly start: number | null;
  readonly outcome:
    | (Omit<ExtractOutcome, 'packets' | 'ofPackets'> & { readonly packets: string; readonly ofPackets: string })
    | { readonly failure: { readonly code: string; readonly message: string } };
}

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCount = (value: unknown): value is string => typeof value === 'string' && /^\d{1,20}$/.test(value);

/**
 * Reads a worker's answer to a task. Its bytes are copied.
 * @param asked of mustHeed()
 * @throws TriremeError INTERNAL when the answer is not one to this task, JOB_FAILED as decodeAnswer()
 */
export function readExtractAnswer(bytes: Uint8Array, task: ExtractTask, asked: readonly string[] = []): AnsweredPiece {
  const { plan } = task;
  const { answer, facts } = decodeAnswer(bytes, plan, asked);
  const { start, outcome, plan: theirs } = facts as Facts;
  const other = theirs?.start !== plan.start || theirs.end !== plan.end;
  if (other || (start !== null && !isPosition(start)) || typeof outcome !== 'object' || outcome === null)
    throw new TriremeError('INTERNAL', `a worker answered the chunk at ${plan.start} with another one's packets`);
  const inputDamage =
    answer.inputDamage !== '' ? answer.inputDamage : answer.inputTruncated ? 'the packed stream is cut short' : null;
  const rest = { task, start, bytes: Uint8Array.from(answer.partial), inputDamage };
  if ('failure' in outcome) {
    const { code, message } = outcome.failure;
    const ours = Object.hasOwn(errorKinds, code) ? (code as ErrorCode) : 'INTERNAL';
    return { ...rest, outcome: { failure: { code: ours, message: String(message) } } };
  }
  const { packets, ofPackets, end } = outcome;
  if (!isCount(packets) || !isCount(ofPackets) || !isPosition(end) || (start !== null && end < start))
    throw new TriremeError('INTERNAL', `a worker's answer to the chunk at ${plan.start} tells no counts`);
  return { ...rest, outcome: { ...outcome, packets: BigInt(packets), ofPackets: BigInt(ofPackets) } };
}
