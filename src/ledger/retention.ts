import { isFinal, type AnalysisRecord } from './types.js';

export interface RetentionBounds {
  /** Time that a finished analysis is kept. */
  readonly keepMs: number;
  readonly finishedMax: number;
  readonly finishedBytesMax: number;
}

/** Ids of finished analyses that are kept no longer: too old, or the oldest of too many. */
export function expired(records: Iterable<AnalysisRecord>, bounds: RetentionBounds, nowMs: number): string[] {
  const finished = [...records].filter(isFinal).sort((a, b) => (b.endedMs ?? 0) - (a.endedMs ?? 0));
  let bytes = 0;
  return finished
    .filter((record, i) => {
      bytes += record.result?.bytes ?? 0;
      const old = nowMs - (record.endedMs ?? 0) > bounds.keepMs;
      return old || i >= bounds.finishedMax || bytes > bounds.finishedBytesMax;
    })
    .map(({ id }) => id);
}

/** Ids of analyses that no master took in all the time that a result would be kept. */
export function overdue(records: Iterable<AnalysisRecord>, keepMs: number, nowMs: number): string[] {
  return [...records]
    .filter(({ state, submittedMs }) => state === 'queued' && nowMs - submittedMs > keepMs)
    .map(({ id }) => id);
}
