import type { Analysis } from '../gen/trireme/v1/capture.js';
import { textTable } from './text-table.js';
import { humanBytes, humanSpan } from './units.js';

/** States by the numbers of the wire. */
const states = ['unknown', 'queued', 'running', 'done', 'failed', 'cancelled'];

export function stateOf({ state }: Analysis): string {
  return states[state] ?? 'unknown';
}

/** Analyses as a table for people. @param nowMs milliseconds since 1970 */
export function analysesTable(analyses: readonly Analysis[], nowMs: number, framed: boolean): string {
  const owned = analyses.some(({ owner }) => owner !== '');
  const columns = [
    { title: 'ID' },
    { title: 'STATE' },
    { title: 'PROGRESS', align: 'right' as const },
    { title: 'SIZE', align: 'right' as const },
    { title: 'AGE', align: 'right' as const },
    // Only where callers are told apart.
    ...(owned ? [{ title: 'OWNER' }] : []),
    { title: 'FILE' },
    { title: 'REMARK' },
  ];
  const rows = analyses.map((analysis) => {
    const { id, name, owner, progress, submitted, error } = analysis;
    const remark = error !== '' ? error : (progress?.message ?? '');
    const size = humanBytes(Number(progress?.bytesTotal ?? 0));
    const age = ageText(nowMs - Date.parse(submitted));
    return [id, stateOf(analysis), percentOf(analysis), size, age, ...(owned ? [owner] : []), name, remark];
  });
  return textTable(columns, rows, framed);
}

/** The same for machines. */
export function analysisJson(analysis: Analysis): Record<string, unknown> {
  const { id, name, owner, path, progress, submitted, started, ended, master, attempts, error } = analysis;
  const orNull = (text: string): string | null => (text === '' ? null : text);
  return {
    id,
    state: stateOf(analysis),
    file: name,
    path,
    size_bytes: Number(progress?.bytesTotal ?? 0),
    bytes_done: Number(progress?.bytesDone ?? 0),
    chunks_done: progress?.chunksDone ?? 0,
    chunks_resumed: progress?.chunksResumed ?? 0,
    chunks_total: progress?.chunksTotal ?? 0,
    message: orNull(progress?.message ?? ''),
    submitted,
    started: orNull(started),
    ended: orNull(ended),
    master: orNull(master),
    owner: orNull(owner),
    attempts,
    error: orNull(error),
  };
}

function percentOf(analysis: Analysis): string {
  const { bytesDone = 0n, bytesTotal = 0n } = analysis.progress ?? {};
  if (stateOf(analysis) === 'done') return '100%';
  return bytesTotal === 0n ? '0%' : `${Math.floor((Number(bytesDone) / Number(bytesTotal)) * 100)}%`;
}

/** Clocks of two machines differ: an age is never below nothing. */
function ageText(ms: number): string {
  return humanSpan(BigInt(Math.max(0, Math.floor(ms / 1000))) * 1_000_000_000n);
}
