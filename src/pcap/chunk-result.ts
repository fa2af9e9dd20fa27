import { TriremeError } from '../common/errors.js';
import { isTimeBase } from './scan-options.js';
import type { ChunkResult, ReadState } from './types.js';

const isPosition = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Whether a worker's words are a state. */
export function isState(value: unknown): value is ReadState {
  const state = value as ReadState;
  return (
    typeof value === 'object' &&
    value !== null &&
    ['pcap', 'pcap-nsec', 'pcapng'].includes(state.format) &&
    ['little', 'big'].includes(state.byteOrder) &&
    typeof state.lengthsSwapped === 'boolean' &&
    (state.timeBase === undefined || isTimeBase(state.timeBase)) &&
    Array.isArray(state.interfaces) &&
    state.interfaces.length <= 65_536 &&
    state.interfaces.every(
      (face) =>
        [face.linkType, face.snapLength, face.timeResolution].every(
          (number) => isPosition(number) && number < 2 ** 32,
        ) && /^-?\d{1,19}$/.test(face.timeOffsetSeconds),
    )
  );
}

/** Throws JOB_FAILED when a result cannot be its plan's: a worker may send anything. */
export function checkResult(result: ChunkResult): void {
  const { plan, start, end, endState, cut, damage, notACapture, partial } = result;
  const sound =
    // A certain start is not looked for, so it cannot be missing: taking that would have the chunk asked
    // again for ever.
    (start === null
      ? !plan.startCertain
      : isPosition(start) && start >= plan.start && (!plan.startCertain || start === plan.start)) &&
    isPosition(end) &&
    end >= (start ?? plan.start) &&
    (endState === null || isState(endState)) &&
    (endState !== null || plan.start === 0) &&
    (damage === null || (isPosition(damage?.offset) && typeof damage.detail === 'string')) &&
    (notACapture === null || (typeof notACapture === 'string' && plan.start === 0)) &&
    (cut === null || (isPosition(cut?.held) && (cut.claimed === null || isPosition(cut.claimed)))) &&
    typeof result.endOfInput === 'boolean' &&
    partial instanceof Uint8Array;
  const finished = result.endOfInput || damage !== null || notACapture !== null;
  if (!sound || (start !== null && !finished && (plan.end === null || end < plan.end)))
    throw new TriremeError('JOB_FAILED', `the result of the chunk at ${plan.start} is not valid`);
}
