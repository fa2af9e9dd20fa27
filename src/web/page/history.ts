import type { HistoryDocument, HistoryRow } from '../../hub/watch/live/types.js';

/** Rows kept: what the role keeps. */
const rowsMax = 900;

/** A gap this many steps long is drawn as a gap, so that a line does not say what nobody measured. */
const gapSteps = 3;

type Column = (number | null)[];

/** The history of the role as the charts take it, grown by the row of each document. */
export class PageHistory {
  time: number[] = [];
  jobsWaiting: Column = [];
  jobsLive: Column = [];
  jobsPerSecond: Column[] = [];
  p50Seconds: Column[] = [];
  p99Seconds: Column[] = [];
  pooledP99Seconds: Column[] = [];

  load(document: HistoryDocument): void {
    this.time = [...document.time];
    this.jobsWaiting = [...document.jobsWaiting];
    this.jobsLive = [...document.jobsLive];
    this.jobsPerSecond = copy(document.jobsPerSecond);
    this.p50Seconds = copy(document.p50Seconds);
    this.p99Seconds = copy(document.p99Seconds);
    this.pooledP99Seconds = copy(document.pooledP99Seconds);
  }

  /** Says whether the row is new. */
  add(row: HistoryRow): boolean {
    const last = this.time[this.time.length - 1] ?? -Infinity;
    if (row.time <= last) return false;
    if (row.time - last > gapSteps && last !== -Infinity) this.push(last + 1, null);
    this.push(row.time, row);
    while (this.time.length > rowsMax) for (const column of this.columns()) column.shift();
    return true;
  }

  private push(time: number, row: HistoryRow | null): void {
    this.time.push(time);
    this.jobsWaiting.push(row?.jobsWaiting ?? null);
    this.jobsLive.push(row?.jobsLive ?? null);
    for (let kind = 0; kind < (row?.kinds.length ?? this.jobsPerSecond.length); kind++) {
      const value = row?.kinds[kind];
      (this.jobsPerSecond[kind] ??= []).push(value?.jobsPerSecond ?? null);
      (this.p50Seconds[kind] ??= []).push(value?.p50Seconds ?? null);
      (this.p99Seconds[kind] ??= []).push(value?.p99Seconds ?? null);
      (this.pooledP99Seconds[kind] ??= []).push(value?.pooledP99Seconds ?? null);
    }
  }

  private columns(): Column[] {
    const { time, jobsWaiting, jobsLive, jobsPerSecond, p50Seconds, p99Seconds, pooledP99Seconds } = this;
    return [time, jobsWaiting, jobsLive, ...jobsPerSecond, ...p50Seconds, ...p99Seconds, ...pooledP99Seconds];
  }
}

const copy = (columns: readonly (readonly (number | null)[])[]): Column[] => columns.map((column) => [...column]);
