/**
 * What a file costs beside its bytes, in bytes that would take as long to scan: it is looked for, opened and closed.
 */
const fileCostBytes = 128 * 1024;

/** Files that are scanned together, one after the other: positions in the order of all files. */
export interface FileRun {
  readonly from: number;
  /** Position behind the last. */
  readonly to: number;
}

/** Files of one run at most: a run that is lost is scanned again as a whole, and its list travels with it. */
export const runFilesMax = 256;

/** Cuts files that stand in order into runs that cost about so many bytes each, or are one file. */
export function cutRuns(
  files: readonly { readonly sizeBytes: number }[],
  costMax: number,
  filesMax = runFilesMax,
): FileRun[] {
  const runs: FileRun[] = [];
  let from = 0;
  let cost = 0;
  for (const [i, { sizeBytes }] of files.entries()) {
    const own = sizeBytes + fileCostBytes;
    if (i > from && (cost + own > costMax || i - from >= filesMax)) {
      runs.push({ from, to: i });
      from = i;
      cost = 0;
    }
    cost += own;
  }
  if (files.length > from) runs.push({ from, to: files.length });
  return runs;
}

/** What a run of files costs. */
export function costOf(files: readonly { readonly sizeBytes: number }[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes + fileCostBytes, 0);
}

/**
 * Cuts files that stand in order into runs of about these shares of their cost. `apart` names files that
 * belong to no run: they are large and split by themselves.
 */
export function planRuns(
  files: readonly { readonly sizeBytes: number }[],
  shares: readonly number[],
  apart: ReadonlySet<number> = new Set(),
): FileRun[] {
  const total = costOf(files.filter((_file, i) => !apart.has(i)));
  const runs: FileRun[] = [];
  let from = 0;
  let cost = 0;
  const close = (to: number): void => {
    if (to > from) runs.push({ from, to });
    cost = 0;
  };
  for (const [i, { sizeBytes }] of files.entries()) {
    if (apart.has(i)) {
      close(i);
      from = i + 1;
      continue;
    }
    cost += sizeBytes + fileCostBytes;
    if (cost < total * (shares[Math.min(runs.length, shares.length - 1)] ?? 1)) continue;
    close(i + 1);
    from = i + 1;
  }
  close(files.length);
  return runs;
}
