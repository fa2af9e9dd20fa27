import { forTerminal } from '../common/for-terminal.js';
import { type FactsEntry, isFailure, stateOf } from './entry.js';
import { type Column, type TextStyle, textTable } from './text-table.js';
import { timeText } from '../common/time-text.js';

/** Rows of the table of files at most: --json and --csv files have them all. */
const rowsMax = 20;

/** The files of a joined capture: how many there are, what lies between them, and the first ones. */
export function joinedLines({ files, files_skipped: skipped }: FactsEntry, style: TextStyle): string {
  if (files === undefined) return '';
  const { units, framed } = style;
  const counted = files.filter((row) => !isFailure(row));
  const gaps = counted.flatMap((row) => (row.gap_ns === null ? [] : [{ ns: BigInt(row.gap_ns), row }]));
  const overlaps = gaps.filter(({ ns }) => ns < 0n);
  const longest = gaps.reduce<(typeof gaps)[number] | null>(
    (best, gap) => (gap.ns > (best?.ns ?? 0n) ? gap : best),
    null,
  );
  const notes: string[] = [];
  if (longest !== null)
    notes.push(`longest gap between files: ${units.span(longest.ns)}, before ${forTerminal(longest.row.file)}`);
  if (overlaps.length > 0)
    notes.push(`NOTE: ${overlaps.length} files begin before the last packet of the files before them`);
  const repeats = counted.filter((row) => row.repeats !== undefined);
  if (repeats.length > 0)
    notes.push(
      `NOTE: ${repeats.length} files repeat another one (as many packets and bytes between the same times), and both are counted: ` +
        `${forTerminal(repeats[0].file)} repeats ${forTerminal(repeats[0].repeats!)}`,
    );
  const growing = counted.filter((row) => row.grew === true);
  if (growing.length > 0)
    notes.push(
      `NOTE: ${forTerminal(growing[0].file)} is still written: it is counted to the size that it had when it was opened`,
    );
  if (skipped !== undefined)
    notes.push(
      `${skipped.length} files of the folders are no captures and are left out: ${forTerminal(skipped[0])} first`,
    );
  const shown = files.slice(0, rowsMax);
  const columns: Column[] = [
    { title: 'file' },
    { title: 'packets', align: 'right' },
    { title: 'first packet' },
    { title: 'last packet' },
    { title: 'gap before', align: 'right' },
    { title: 'state' },
  ];
  const rows = shown.map((row) =>
    isFailure(row)
      ? [forTerminal(row.file), '-', '-', '-', '-', stateOf(row)]
      : [
          forTerminal(row.file),
          units.count(row.packets),
          row.first_ns === null ? '-' : timeText(row.first_ns),
          row.last_ns === null ? '-' : timeText(row.last_ns),
          row.gap_ns === null ? '-' : units.span(BigInt(row.gap_ns)),
          stateOf(row),
        ],
  );
  const which = files.length > shown.length ? ` (${shown.length} of ${files.length}; --csv files has them all)` : '';
  return [`Files, in order of first packet${which}`, textTable(columns, rows, framed), ...notes].join('\n');
}
