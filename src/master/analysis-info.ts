import {
  AnalysisState as WireState,
  type Analysis,
  type AnalyzeOptions,
  type AnalyzeProgress,
} from '../gen/trireme/v1/capture.js';
import { shownName } from '../captures/capture-name.js';
import type { AnalysisRecord, AnalysisState, ProgressFacts, RequestedAnalysis } from '../ledger/types.js';
import { boundsOf } from '../pcap/time-bounds.js';

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
    noIndex,
  };
}

function timeText(ms: number | null): string {
  return ms === null ? '' : new Date(ms).toISOString();
}
