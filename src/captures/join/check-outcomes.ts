import { TriremeError } from '../../common/errors.js';
import { isState } from '../../pcap/chunk-result.js';
import { statisticsRowsMax } from '../../pcap/partial-layout.js';
import type { ToldCounts, ToldStatistics } from '../../pcap/report-facts.js';
import type { FileOutcome } from './scan-run.js';

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): boolean => value === null || (typeof value === 'string' && /^-?\d{1,40}$/.test(value));
const isWords = (value: unknown): boolean => typeof value === 'string' && value.length <= 16_384;
const isWordsOrNull = (value: unknown): boolean => value === null || isWords(value);

/**
 * What a worker says of the files of its run, which may be anything.
 * @throws TriremeError JOB_FAILED unless it is an outcome for each file
 */
export function checkOutcomes(outcomes: unknown, files: number): readonly FileOutcome[] {
  if (Array.isArray(outcomes) && outcomes.length === files && outcomes.every(isOutcome)) return outcomes;
  throw new TriremeError('JOB_FAILED', `a worker's result of ${files} files is not valid`);
}

const isTold = (counts: ToldCounts): boolean =>
  Array.isArray(counts) &&
  counts.length === 3 &&
  counts.every((count) => count === null || (typeof count === 'string' && /^\d{1,40}$/.test(count)));

function isStatistics(statistics: ToldStatistics): boolean {
  const { ended, last } = statistics ?? {};
  return (
    isTold(ended) &&
    Array.isArray(last) &&
    last.length <= statisticsRowsMax &&
    last.every((row) => Array.isArray(row) && isCount(row[0]) && row[0] < statisticsRowsMax && isTold(row[1]))
  );
}

function isOutcome(outcome: FileOutcome | null): outcome is FileOutcome {
  if (typeof outcome !== 'object' || outcome === null) return false;
  if ('error' in outcome) return ['unreadable', 'changed'].includes(outcome.error) && isWords(outcome.error_detail);
  const { facts, inflated } = outcome;
  if (typeof facts !== 'object' || facts === null || typeof inflated !== 'object' || inflated === null) return false;
  const {
    packets,
    capturedBytes,
    sections,
    interfaces,
    end,
    firstNs,
    lastNs,
    endState,
    cut,
    damage,
    notACapture,
    zeroRecords,
    inOrder,
    statistics,
  } = facts;
  return (
    [packets, capturedBytes, sections, interfaces, end, zeroRecords].every(isCount) &&
    typeof inOrder === 'boolean' &&
    (statistics === null || isStatistics(statistics)) &&
    isTime(firstNs) &&
    isTime(lastNs) &&
    (endState === null ? isWords(notACapture) : isState(endState) && notACapture === null) &&
    (cut === null || (isCount(cut?.held) && (cut.claimed === null || isCount(cut.claimed)))) &&
    (damage === null || (isCount(damage?.offset) && isWords(damage.detail))) &&
    [true, undefined].includes(outcome.grew) &&
    typeof inflated.truncated === 'boolean' &&
    isWordsOrNull(inflated.damage) &&
    (inflated.restBytes === undefined || isCount(inflated.restBytes))
  );
}
