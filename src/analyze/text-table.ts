import { forTerminal } from '../common/for-terminal.js';
import type { Units } from './units.js';

/** How a report is laid out for people. */
export interface TextStyle {
  readonly units: Units;
  /** Tables in frames, for a terminal. */
  readonly framed: boolean;
  readonly sort: string;
}

/** A column of a table for people. Numbers stand right, so that their digits align. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** Lays rows out under their titles: plain columns that cut, sort and awk take, or framed for a terminal. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[], framed: boolean): string {
  const shown = rows.map((row) => row.map(forTerminal));
  return framed ? framedTable(columns, shown) : plainTable(columns, shown);
}

/** Two blanks between columns and none at the end of a line. */
export function plainTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const all = [columns.map(({ title }) => title), ...rows];
  const widths = columns.map((_, i) => all.reduce((most, row) => Math.max(most, row[i].length), 0));
  return all
    .map((row) =>
      row
        .map((text, i) => (columns[i].align === 'right' ? text.padStart(widths[i]) : text.padEnd(widths[i])))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function framedTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  // Loaded here because it costs 14 ms, which a pipe need not pay.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const Table = require('cli-table3') as typeof import('cli-table3');
  const table = new Table({
    head: columns.map(({ title }) => title),
    colAligns: columns.map(({ align }) => align ?? 'left'),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) table.push([...row]);
  return table.toString();
}
