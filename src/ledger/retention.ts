import { isFinal, type AnalysisRecord } from './types.js';

/**
 * Results are kept so long when --keep does not say: a day, so that who started an analysis in the evening finds it.
 */
export const keepMsDefault = 86_400_000;

/** Shortest and longest time that --keep takes. */
export const keepMsMin = 1_000;
export const keepMsMax = 365 * 86_400_000;

/** Finished analyses kept: `trireme analyses` lists them all, and each costs about 1 kB of memory. */
export const finishedMax = 10_000;

/** Bytes of results kept on disk: the oldest go first. */
export const finishedBytesMax = 16 * 2 ** 30;

/** Bytes of results kept where there is no disk, in memory. */
export const finishedBytesMaxInMemory = 64 * 2 ** 20;

/** Old results are looked for this often. */
export const pruneIntervalMs = 60_000;

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
