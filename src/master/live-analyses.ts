import { isFinal } from '../ledger/types.js';
import type { AnalysisPicture } from './analyses.js';
import type { ChunkState, EndedAnalysis, LiveAnalysis, LiveChunk } from '../hub/watch/live/types.js';

/** Ranges of one analysis in one document: a phone has 390 pixels. Neighbours are put together beyond it. */
const chunksShownMax = 256;

/** One chunk as an analysis knows it. */
export interface ChunkPicture {
  readonly start: number;
  readonly end: number;
  readonly state: ChunkState;
  /** Name of the worker that has it or gave its result; empty: nobody. */
  readonly worker: string;
}

/**
 * Chunks for the live page: in the order of the file, without overlaps, and no more of them than a screen can show.
 * Neighbours that are alike are put together; of more than `most` the ones in the same slice of the file take the state
 * that is least finished, so that a map never shows as done what is not.
 */
export function shownChunks(chunks: readonly ChunkPicture[], bytesTotal: number, most = chunksShownMax): LiveChunk[] {
  const sorted = [...chunks].sort((a, b) => a.start - b.start || a.end - b.end);
  const slices = sorted.length > most ? sliced(sorted, bytesTotal, most) : sorted;
  const shown: LiveChunk[] = [];
  for (const { start, end, state, worker } of slices) {
    const last = shown[shown.length - 1];
    const from = Math.max(start, last?.end ?? 0);
    if (end <= from) continue;
    if (
      last !== undefined &&
      last.state === state &&
      last.worker === worker &&
      last.end === from &&
      state !== 'RUNNING'
    )
      shown[shown.length - 1] = { ...last, end };
    else shown.push({ start: from, end, state, worker });
  }
  return shown;
}

const rank: Readonly<Record<ChunkState, number>> = { WAITING: 0, QUEUED: 1, RUNNING: 2, DONE: 3 };

function sliced(sorted: readonly ChunkPicture[], bytesTotal: number, most: number): ChunkPicture[] {
  const slices: ChunkPicture[] = [];
  for (const chunk of sorted) {
    const slice = Math.floor((chunk.start / Math.max(1, bytesTotal)) * most);
    const last = slices[slices.length - 1];
    if (last === undefined || Math.floor((last.start / Math.max(1, bytesTotal)) * most) !== slice) slices.push(chunk);
    else {
      const least = rank[chunk.state] < rank[last.state] ? chunk : last;
      slices[slices.length - 1] = { ...least, start: last.start, end: Math.max(last.end, chunk.end) };
    }
  }
  return slices;
}

/** An analysis for the live page from what a master knows of it. */
export function liveAnalysis(facts: Omit<LiveAnalysis, 'chunks'>, chunks: readonly ChunkPicture[]): LiveAnalysis {
  return { ...facts, chunks: shownChunks(chunks, facts.bytesTotal) };
}

/** What the live page shows: the analyses that run, by what this master knows of them. */
export function liveAnalyses(
  pictures: readonly AnalysisPicture[],
  workerName: (worker: number) => string,
): LiveAnalysis[] {
  return pictures
    .filter(({ analysis }) => !isFinal(analysis))
    .map(({ analysis: { id, name, filter, state, progress, capture, startedMs, submittedMs }, chunks }) =>
      liveAnalysis(
        {
          id,
          file: name,
          filter,
          state,
          message: progress.message,
          startedMs: startedMs ?? submittedMs,
          bytesDone: progress.bytesDone,
          bytesTotal: capture.sizeBytes,
          chunksDone: progress.chunksDone,
          chunksTotal: progress.chunksTotal,
        },
        chunks.map(({ start, end, state, worker, by }) => ({
          start,
          end,
          state: chunkStates[state],
          worker: worker === null ? by : workerName(worker),
        })),
      ),
    );
}

/** Ended analyses in one document: what fits a screen; `trireme analyses` lists them all. */
const endedShownMax = 20;

/** What the live page shows of the analyses that have ended, newest first. */
export function endedAnalyses(pictures: readonly AnalysisPicture[], most = endedShownMax): EndedAnalysis[] {
  return pictures
    .filter(({ analysis }) => isFinal(analysis))
    .slice(0, most)
    .map(({ analysis: { id, name: file, filter, state, capture, endedMs, error } }) => ({
      ...{ id, file, filter, state, bytes: capture.sizeBytes, endedMs: endedMs ?? 0 },
      error: error === null ? '' : `${error.code}: ${error.message}`,
    }));
}

const chunkStates = { waiting: 'WAITING', running: 'RUNNING', done: 'DONE' } as const;
