import { costText } from '../common/cost-text.js';
import { forTerminal } from '../common/for-terminal.js';
import { versionedName } from '../kinds/versions.js';
import { shortName, type TableLine } from './columns.js';
import type { WorkerRow } from './rates.js';

const heads = ['WORKER', 'KIND', 'DONE', 'FAILED', 'COST'] as const;

/** What each kind costs on each worker, of at most `width` characters a line; a line for each, the heads first. */
export function costLines(rows: readonly WorkerRow[], width: number): TableLine[] {
  const lines = rows.flatMap((row) =>
    row.worker.kinds.map((kind) => ({
      row,
      cells: [
        shortName(row.worker.name),
        forTerminal(versionedName(kind.name, kind.version)),
        String(kind.done),
        String(kind.failed),
        costText({ ...kind, unit: forTerminal(kind.unit || 'jobs') }),
      ],
    })),
  );
  const widths = heads.map((head, at) => Math.max(head.length, ...lines.map(({ cells }) => cells[at].length)));
  const text = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 2 || at === 3 ? cell.padStart(widths[at]) : cell.padEnd(widths[at])))
      .join('  ')
      .trimEnd()
      .slice(0, width);
  return [{ text: text(heads), row: null }, ...lines.map(({ row, cells }) => ({ row, text: text(cells) }))];
}
