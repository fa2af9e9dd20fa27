import type { Share } from './share.js';

/** What one client has of the workers. */
export interface ShareReport {
  readonly client: string;
  readonly weight: number;
  /** Of its jobs without an answer, those that wait for a worker and those that are with one. */
  readonly waiting: number;
  readonly running: number;
  /** Seconds that workers measured of its jobs: in the last minute, and in all. */
  readonly seconds: number;
  readonly secondsTotal: number;
  /** Its part of the weights of all that had jobs in the last minute; 0: it had none. */
  readonly wanted: number;
  /** Its part of the seconds of all in the last minute. */
  readonly had: number;
}

/** Clients that are told of by name; further ones are one line, for each is a time series of its own. */
export const clientsToldMax = 100;

export const furtherName = '(further)';

/** What clients have of the workers, in the order in which they came; those of the file are first. */
export function shareReports(shares: readonly Share[], now: number): ShareReport[] {
  const rows = shares.map((share) => ({
    ...{ client: share.name, weight: share.terms.weight, secondsTotal: share.secondsTotal },
    ...{ waiting: share.live - share.running, running: share.running, seconds: share.lastMinute.sum(now) },
  }));
  const active = ({ waiting, running, seconds }: (typeof rows)[number]): boolean => waiting + running + seconds > 0;
  const weights = rows.filter(active).reduce((sum, { weight }) => sum + weight, 0);
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const told = rows.map((row) => ({
    ...row,
    wanted: active(row) ? row.weight / weights : 0,
    had: seconds > 0 ? row.seconds / seconds : 0,
  }));
  if (told.length <= clientsToldMax) return told;
  const further = told.splice(clientsToldMax - 1);
  const sum = (of: (row: ShareReport) => number): number => further.reduce((total, row) => total + of(row), 0);
  told.push({
    client: furtherName,
    ...{ weight: sum((row) => row.weight), waiting: sum((row) => row.waiting), running: sum((row) => row.running) },
    ...{ seconds: sum((row) => row.seconds), secondsTotal: sum((row) => row.secondsTotal) },
    ...{ wanted: sum((row) => row.wanted), had: sum((row) => row.had) },
  });
  return told;
}
