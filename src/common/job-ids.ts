/**
 * Ids of jobs are whole numbers below 2^53, so that a hub never uses one twice. Columns of messages carry them in two parts,
 * lower and upper, because 32 bits are read and written several times faster than 64.
 */
const lowRange = 2 ** 32;
/** Bits of an id: all whole numbers of a double. */
export const jobIdBits = 53;

/**
 * Ids from their two columns. `high` has an entry for each id, or one for all, or none, which is 0 for all. Returns `low`
 * itself, changed where `high` says so.
 */
export function wholeIds(low: number[], high: readonly number[]): number[] {
  if (high.length === 0) return low;
  for (let at = 0; at < low.length; at++) low[at] += (high.length === 1 ? high[0] : (high[at] ?? 0)) * lowRange;
  return low;
}

/** Lower 32 bits of an id. */
export function lowOf(id: number): number {
  return id >>> 0;
}

/** Upper 21 bits of an id. */
export function highOf(id: number): number {
  return (id - (id >>> 0)) / lowRange;
}

/** The two columns of a list of ids; the upper one as short as it can be. */
export function idColumns(ids: readonly number[]): { job: number[]; jobHigh: number[] } {
  const job = new Array<number>(ids.length);
  const high = ids.length === 0 ? 0 : highOf(ids[0]);
  const from = high * lowRange;
  for (let at = 0; at < ids.length; at++) {
    const low = ids[at] - from;
    if (low < 0 || low >= lowRange) return { job: ids.map(lowOf), jobHigh: ids.map(highOf) };
    job[at] = low;
  }
  return { job, jobHigh: high === 0 ? [] : [high] };
}
