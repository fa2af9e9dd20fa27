/**
 * Ids of jobs are whole numbers below 2^53, so that a hub never uses one twice. Columns of messages carry
 * them in two parts, lower and upper, because 32 bits are read and written several times faster than 64.
 */
const lowRange = 2 ** 32;
/** Bits of an id: all whole numbers of a double. */
export const jobIdBits = 53;

/**
 * Ids from their two columns. `high` has an entry for each id, or one for all, or none, which is 0 for all.
 * Returns `low` itself, changed where `high` says so.
 */
export function wholeIds(low: number[], high: readonly number[]): number[] {
  if (high.length === 0) return low;
  for (let at = 0; at < low.length; at++) low[at] = wholeId(low[at], high.length === 1 ? high[0] : (high[at] ?? 0));
  return low;
}

/** An id from its two parts. */
export function wholeId(low: number, high: number): number {
  return high * lowRange + low;
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
  if (ids.length === 0) return { job: [], jobHigh: [] };
  const high = highOf(ids[0]);
  const job: number[] = [];
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at];
    const low = id >>> 0;
    if (id - low !== high * lowRange) return { job: ids.map(lowOf), jobHigh: ids.map(highOf) };
    job.push(low);
  }
  return { job, jobHigh: high === 0 ? [] : [high] };
}
