import { forTerminal } from '../common/for-terminal.js';
import type { WorkerRow } from './rates.js';

/** Characters of a worker's name: it chose it itself. */
const nameLengthMax = 40;

/** A column of the view. */
export interface Column {
  readonly title: string;
  /** What --sort calls it. */
  readonly key: string;
  readonly left?: boolean;
  readonly text: (row: WorkerRow, nowMs: number) => string;
  /** What is sorted by: numbers with the largest first, texts from a to z. */
  readonly value: (row: WorkerRow) => number | string;
  /** Columns of high rank go first where the terminal is too narrow. */
  readonly rank: number;
}

export const columns: readonly Column[] = [
  {
    key: 'name',
    title: 'WORKER',
    left: true,
    rank: 0,
    value: ({ worker }) => worker.name,
    text: ({ worker }) => shortName(worker.name),
  },
  {
    key: 'state',
    title: 'STATE',
    left: true,
    rank: 1,
    value: ({ worker }) => worker.state,
    text: ({ worker }) => forTerminal(worker.state),
  },
  {
    key: 'slots',
    title: 'SLOTS',
    rank: 4,
    value: ({ worker }) => worker.slots,
    text: ({ worker }) => String(worker.slots),
  },
  {
    key: 'busy',
    title: 'BUSY',
    rank: 3,
    value: ({ worker }) => worker.busy,
    text: ({ worker }) => String(worker.busy),
  },
  {
    key: 'queued',
    title: 'QUEUED',
    rank: 8,
    value: ({ worker }) => worker.queued,
    text: ({ worker }) => String(worker.queued),
  },
  {
    key: 'outstanding',
    title: 'GIVEN',
    rank: 5,
    value: ({ worker }) => worker.outstanding,
    text: ({ worker }) => String(worker.outstanding),
  },
  {
    key: 'backlog',
    title: 'BACKLOG',
    rank: 6,
    value: ({ worker }) => worker.backlogSeconds,
    text: ({ worker }) => seconds(worker.backlogSeconds),
  },
  {
    key: 'window',
    title: 'WINDOW',
    rank: 9,
    value: ({ worker }) => worker.windowSeconds,
    text: ({ worker }) => seconds(worker.windowSeconds),
  },
  {
    key: 'rate',
    title: 'JOBS/S',
    rank: 2,
    value: ({ jobsPerSecond }) => jobsPerSecond ?? -1,
    text: ({ jobsPerSecond }) => rateText(jobsPerSecond),
  },
  { key: 'done', title: 'DONE', rank: 7, value: ({ done }) => done, text: ({ done }) => String(done) },
  { key: 'failed', title: 'FAILED', rank: 10, value: ({ failed }) => failed, text: ({ failed }) => String(failed) },
  {
    key: 'rtt',
    title: 'RTT',
    rank: 11,
    value: ({ worker }) => worker.roundTripSeconds,
    text: ({ worker }) => seconds(worker.roundTripSeconds),
  },
  {
    key: 'load',
    title: 'LOAD',
    rank: 12,
    value: ({ worker }) => worker.load,
    text: ({ worker }) => worker.load.toFixed(2),
  },
  {
    key: 'seen',
    title: 'SEEN',
    rank: 13,
    // The one that was silent longest first.
    value: ({ worker }) => -Date.parse(worker.lastHeartbeat),
    text: ({ worker }, nowMs) => seconds(Math.max(0, nowMs - Date.parse(worker.lastHeartbeat)) / 1000),
  },
];

export const sortKeys = columns.map(({ key }) => key);

/** Rows in the order of one column; what is equal there, by name. */
export function sortRows(rows: readonly WorkerRow[], key: string): WorkerRow[] {
  const { value } = columns.find((column) => column.key === key) ?? columns[0];
  const byName = (x: WorkerRow, y: WorkerRow): number => (x.worker.name < y.worker.name ? -1 : 1);
  return [...rows].sort((x, y) => {
    const [one, other] = [value(x), value(y)];
    if (one === other) return byName(x, y);
    return typeof one === 'number' ? Number(other) - one : one < other ? -1 : 1;
  });
}

export interface TableLine {
  readonly text: string;
  readonly row: WorkerRow | null;
}

/** Lines of at most `width` characters, the heads first: columns that do not fit are left out, the rarer ones first. */
export function tableLines(rows: readonly WorkerRow[], width: number, nowMs: number): TableLine[] {
  const cells = columns.map(({ title, text }) => [title, ...rows.map((row) => text(row, nowMs))]);
  const widths = cells.map((texts) => Math.max(...texts.map((text) => text.length)));
  const shown = new Set(columns.keys());
  const total = (): number => [...shown].reduce((all, i) => all + widths[i] + 2, -2);
  for (const [i] of [...columns.entries()].sort(([, x], [, y]) => y.rank - x.rank)) {
    if (total() <= width || shown.size === 1) break;
    shown.delete(i);
  }
  const line = (at: number): string =>
    [...shown]
      .map((i) => (columns[i].left === true ? cells[i][at].padEnd(widths[i]) : cells[i][at].padStart(widths[i])))
      .join('  ')
      .trimEnd()
      .slice(0, width);
  return [{ text: line(0), row: null }, ...rows.map((row, i) => ({ text: line(i + 1), row }))];
}

/** A name without anything that a terminal would obey, and not longer than others need it. */
export function shortName(name: string): string {
  const text = forTerminal(name);
  return text.length <= nameLengthMax ? text : `${text.slice(0, nameLengthMax - 3)}...`;
}

/** Three digits and a unit: 12.3us, 4.56ms, 1.20s, 3m20s. */
export function seconds(value: number): string {
  if (value < 1e-6) return '0';
  if (value < 0.9995e-3) return `${(value * 1e6).toPrecision(3)}us`;
  if (value < 0.9995) return `${(value * 1e3).toPrecision(3)}ms`;
  if (value < 60) return `${value.toPrecision(3)}s`;
  return `${Math.floor(value / 60)}m${Math.floor(value % 60)}s`;
}

export function rateText(rate: number | null): string {
  return rate === null ? '-' : rate < 10 && rate > 0 ? rate.toFixed(1) : String(Math.round(rate));
}
