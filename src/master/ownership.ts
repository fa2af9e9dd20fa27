import { TriremeError } from '../common/errors.js';
import type { Caller } from '../common/trust/roles.js';
import type { AnalysisRecord, Ledger } from '../ledger/types.js';

/** Whether an analysis is there for a caller: his own are, and all are for an operator. */
export function maySee({ roles, owner }: Caller, analysis: Pick<AnalysisRecord, 'owner'>): boolean {
  return roles.includes('operator') || (owner !== '' && owner === analysis.owner);
}

/** The same words for one that is not there and for another's: ids of others cannot be told from made-up ones. */
export function noAnalysis(id: string, { shared, place }: Pick<Ledger, 'shared' | 'place'>): TriremeError {
  const lost = shared ? `, or ${place} has lost it` : '';
  return new TriremeError(
    'NO_ANALYSIS',
    `there is no analysis '${id.slice(0, 64)}', or it is kept no longer (--keep), or it belongs to another client${lost}`,
  );
}
