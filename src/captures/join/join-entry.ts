import type { CaptureFacts, JoinedFiles } from '../../pcap/report-types.js';
import type { CaptureEntry, FailedFile } from '../scan/capture-entry.js';
import { fileRows, type SortedOut } from './join-rows.js';
import { areInOrder, statisticsOf } from './join-facts.js';
import { sectionsOf } from './join-sections.js';

/** The one entry of a joined capture. */
export type JoinEntry = { readonly file: string } & JoinedFiles & (CaptureEntry | FailedFile);

/**
 * The entry of a joined capture: that of the one file which would hold all packets in order, and a row for
 * each file. What only a single file can have is told as follows.
 *
 * - format: that of the files; pcapng where they differ, since no other can hold them all
 * - sections, interfaces: a file whose header says the same as an earlier file goes on that file's section
 * - compression: that of the files, or null where they differ
 * - truncated, error: those of any file; where it is stands in the file's row
 */
export function joinEntry(
  name: string,
  { counted, failures, skipped }: SortedOut,
  report: () => CaptureFacts,
): JoinEntry {
  const rows = fileRows(counted);
  const files: JoinedFiles = {
    files: [...rows, ...failures],
    files_skipped: skipped.length === 0 ? undefined : skipped,
  };
  const file = joinedName(name, rows[0]?.file ?? failures[0]?.file ?? name, rows.length + failures.length);
  if (counted.length === 0)
    return { file, ...none(failures.length, failures[0]?.error_detail, skipped.length), ...files };
  const facts = report();
  const damaged = rows.filter(({ error }) => error !== null);
  const compression = one(rows.map((row) => row.compression)) ?? null;
  const format = one(rows.map((row) => row.format)) ?? 'pcapng';
  return {
    file,
    ...facts,
    format,
    truncated: rows.some(({ truncated }) => truncated),
    error: damaged.length === 0 ? null : 'damaged',
    gzip: compression === 'gzip',
    ...(damaged.length === 0
      ? {}
      : { error_detail: `${damaged.length} of ${rows.length} files: ${damaged[0].file}: ${damaged[0].error_detail}` }),
    ...sectionsOf(counted),
    times_in_order: areInOrder(counted),
    ...statisticsOf(counted),
    compression,
    ...files,
  };
}

/** A single name stands for itself; of several the first and how many. */
function joinedName(named: string, first: string, files: number): string {
  if (named !== '') return named;
  return files <= 1 ? first : `${first} and ${files - 1} more`;
}

function none(failed: number, why: string | undefined, skipped: number): FailedFile {
  const also = failed > 1 ? ` (and ${failed - 1} more files that could not be read)` : '';
  const detail = failed > 0 ? `${why}${also}` : `no file of it is a capture (${skipped} are something else)`;
  return { error: 'unreadable', error_detail: detail };
}

/** What all have in common, or undefined. */
function one<T>(values: readonly T[]): T | undefined {
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}
