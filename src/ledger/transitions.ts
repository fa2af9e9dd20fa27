import { TriremeError } from '../common/errors.js';
import { isFinal, noProgress, type AnalysisRecord, type NewAnalysis, type Outcome } from './types.js';

/** How a record changes, the same for every store. */

export function submitted(analysis: NewAnalysis, nowMs: number): AnalysisRecord {
  return {
    ...analysis,
    state: 'queued',
    revision: 1,
    plan: null,
    holder: '',
    submittedMs: nowMs,
    startedMs: null,
    endedMs: null,
    attempts: 0,
    progress: noProgress,
    error: null,
    result: null,
  };
}

export function taken(record: AnalysisRecord, holder: string, nowMs: number): AnalysisRecord {
  return {
    ...record,
    state: 'running',
    revision: record.revision + 1,
    holder,
    startedMs: record.startedMs ?? nowMs,
    attempts: record.attempts + 1,
  };
}

export function released(record: AnalysisRecord): AnalysisRecord {
  const progress = { ...record.progress, workers: 0, message: 'waiting for a master' };
  return { ...record, state: 'queued', revision: record.revision + 1, progress };
}

export function ended(
  record: AnalysisRecord,
  outcome: Outcome,
  result: AnalysisRecord['result'],
  nowMs: number,
): AnalysisRecord {
  return {
    ...record,
    state: outcome.state,
    revision: record.revision + 1,
    endedMs: nowMs,
    progress: { ...record.progress, workers: 0, message: '' },
    error: outcome.state === 'done' ? null : { code: outcome.error.code, message: outcome.error.message },
    result,
  };
}

/** A done analysis whose result was found damaged. What the result was is kept: it may be put back. */
export function resultDamaged(record: AnalysisRecord, reason: string): AnalysisRecord {
  const message = `the result of analysis ${record.id} is damaged where the master keeps it (${reason}): ask for it anew`;
  return { ...record, state: 'failed', revision: record.revision + 1, error: { code: 'STATE_FAILED', message } };
}

/** Its result is there again. */
export function resultRestored(record: AnalysisRecord): AnalysisRecord {
  return { ...record, state: 'done', revision: record.revision + 1, error: null };
}

export function leaseLost(record: AnalysisRecord): TriremeError {
  const { id, state, error, holder } = record;
  if (state === 'cancelled' && error !== null) return new TriremeError(error.code, error.message);
  const now = isFinal(record) ? `has ended already (${state})` : `is held by another master (${holder}) now`;
  return new TriremeError('LEASE_LOST', `analysis ${id} ${now}`);
}
