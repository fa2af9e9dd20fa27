import type { ChunkEvent, RecordVersion } from './checker.js';

/**
 * What became of one analysis, in the order of time: what masters did and what was written, like lines in a row as one.
 */
export function storyOf(id: string, versions: readonly RecordVersion[], events: readonly ChunkEvent[]): string[] {
  const moments = [
    ...versions
      .filter((version) => version.id === id)
      .map(({ atMs, attempt, holder, state, chunks }) => ({
        atMs,
        words: `take ${attempt} of ${holder} wrote ${state}`,
        detail: `${chunks.length} finished`,
      })),
    ...events
      .filter((event) => event.id === id)
      .map(({ atMs, attempt, master, what, chunk }) => ({
        atMs,
        words: `take ${attempt} at ${master}: ${what}`,
        detail: chunk,
      })),
  ].sort((a, b) => a.atMs - b.atMs);
  const lines: { fromMs: number; words: string; details: string[] }[] = [];
  for (const { atMs, words, detail } of moments) {
    const last = lines[lines.length - 1];
    if (last?.words === words) last.details.push(detail);
    else lines.push({ fromMs: atMs, words, details: [detail] });
  }
  const startMs = moments[0]?.atMs ?? 0;
  return lines.map(({ fromMs, words, details }) => {
    const seconds = ((fromMs - startMs) / 1000).toFixed(2).padStart(7);
    const times = details.length === 1 ? '' : ` ${details.length} times, last`;
    return `${seconds} s  ${words}${times} ${details[details.length - 1]}`;
  });
}
