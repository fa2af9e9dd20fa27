import { TriremeError } from '../common/errors.js';
import type { Caller } from '../common/trust/roles.js';
import {
  AnalysisState as WireState,
  type Analysis,
  type AnalyzeOptions,
  type AnalyzeProgress,
} from '../gen/trireme/v1/capture.js';
import { shownName } from '../captures/file/capture-name.js';
import type { AnalysisRecord, AnalysisState, Ledger, ProgressFacts, RequestedAnalysis } from '../ledger/types.js';
import { boundsOf } from '../pcap/time-bounds.js';

/** Progress is sent this often. */
export const progressIntervalMs = 200;

const wireStates: Readonly<Record<AnalysisState, WireState>> = {
  queued: WireState.QUEUED,
  running: WireState.RUNNING,
  done: WireState.DONE,
  failed: WireState.FAILED,
  cancelled: WireState.CANCELLED,
};

/** A record as clients are told. */
export function analysisInfo(record: AnalysisRecord): Analysis {
  const { id, owner, state, request, progress, capture, holder, attempts, error } = record;
  return {
    id,
    state: wireStates[state],
    name: request.name,
    path: shownName(request.path),
    options: optionsInfo(request),
    progress: progressInfo(progress, capture.sizeBytes),
    submitted: timeText(record.submittedMs),
    started: timeText(record.startedMs),
    ended: timeText(record.endedMs),
    master: holder,
    attempts,
    error: error === null ? '' : `${error.code}: ${error.message}`,
    owner,
  };
}

export function progressInfo(progress: ProgressFacts, sizeBytes: number): AnalyzeProgress {
  return { ...progress, bytesDone: BigInt(progress.bytesDone), bytesTotal: BigInt(sizeBytes) };
}

function optionsInfo({ scan, top, sort, noIndex }: RequestedAnalysis): AnalyzeOptions {
  return {
    client: scan.connection?.client ?? '',
    server: scan.connection?.server ?? '',
    top,
    sort,
    intervalNs: BigInt(scan.intervalNs ?? 0),
    conversationsMax: scan.conversationsMax,
    filter: scan.filter ?? '',
    filterTags: scan.filterTags ?? '',
    ...boundsOf(scan.span),
    inner: scan.inner,
    tcp: scan.tcp,
    names: scan.names,
    noIndex,
  };
}

function timeText(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString();
}

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
    { facts: { value: id.slice(0, 64) } },
  );
}
