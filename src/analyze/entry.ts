import { type CaptureEntry, type FailedFile, failedFile } from '../captures/scan/capture-entry.js';
import { exactCount, totalOf } from '../pcap/report-total.js';
import type { Count } from '../pcap/types.js';
import type { CaptureFacts, CaptureTotal, JoinedFailure, JoinedFile, JoinedFiles } from '../pcap/report-types.js';

/** What is told of one capture: a file, by its name as the user wrote it, or many files joined. */
export type Entry = { readonly file: string } & JoinedFiles & (CaptureEntry | FailedFile);

export type FactsEntry = { readonly file: string } & Extract<CaptureEntry, CaptureFacts>;

export function hasFacts(entry: Entry): entry is FactsEntry {
  return entry.error === null || entry.error === 'damaged';
}

/**
 * Exit code over all files. 0: every file was read to its end. 1: a file is damaged or cut (its counts are printed), or
 * some of several files gave none. 2: no file gave counts, as with wrong usage.
 */
export function exitCodeOf(entries: readonly Entry[]): 0 | 1 | 2 {
  if (!entries.some(hasFacts)) return entries.some(({ error }) => error === 'changed') ? 1 : 2;
  const whole = (entry: Entry): boolean => entry.error === null && hasFacts(entry) && !entry.truncated;
  return entries.every((entry) => whole(entry) && !entry.files?.some(isFailure)) ? 0 : 1;
}

export function isFailure(row: JoinedFile | JoinedFailure): row is JoinedFailure {
  return row.error !== null && row.error !== 'damaged';
}

/** Lines about the files of one joined capture at most: the rest of them is in its table of files. */
export const complaintsMax = 20;

/** The lines on stderr for an entry that is not all well: one for each file of a joined capture. */
export function complaintsOf(entry: Entry): string[] {
  const notes = hasFacts(entry) ? notesOf(entry) : [];
  if (entry.files === undefined) return [...[complaintOf(entry)].filter((line) => line !== null), ...notes];
  const lines = [...notes, ...entry.files.flatMap((row) => complaintOf(row as Entry) ?? [])];
  if (!hasFacts(entry) && lines.length === 0) lines.push(`${entry.file}: ${entry.error_detail}`);
  const more = lines.length - complaintsMax;
  return more <= 0 ? lines : [...lines.slice(0, complaintsMax), `${entry.file}: ${more} more files are not all well`];
}

/** What is to be known of the packets themselves, a line each. */
function notesOf({ file, capture_statistics: statistics, zero_records: zeros }: FactsEntry): string[] {
  const lost = sum(statistics?.packets_dropped ?? 0, statistics?.packets_dropped_by_system ?? 0);
  const received = statistics?.packets_received ?? null;
  const of = received === null ? '' : `, and received ${received}`;
  return [
    ...(Number(lost) === 0
      ? []
      : [`${file}: the capturing machine says that it lost ${lost} packets${of}: they are not in the capture`]),
    ...(zeros === undefined
      ? []
      : [
          `${file}: ${zeros} records are nothing but zeros, as where a file was not written to its end; they count as packets of 0 bytes in 1970`,
        ]),
  ];
}

/** Exact: a bigint where a number would be rounded. */
function sum(x: Count, y: Count): Count {
  return exactCount(BigInt(x) + BigInt(y));
}

/** The one line on stderr for a file that is not all well; null for a sound one. */
export function complaintOf(entry: Entry): string | null {
  if (!hasFacts(entry)) {
    return entry.error === 'not-a-capture'
      ? `${entry.file}: not a capture: ${entry.error_detail}`
      : entry.error_detail!;
  }
  if (entry.error === 'damaged') return `${entry.file}: damaged: ${entry.error_detail}; counts are those before it`;
  if (entry.rest_bytes !== undefined && !entry.truncated)
    return `${entry.file}: ${entry.rest_bytes} bytes behind the end of the packed stream are none of it and are ignored`;
  if (entry.grew === true)
    return `${entry.file}: is still written: it is counted to the size that it had when it was opened`;
  if (entry.interrupted === true)
    return `${entry.file}: was interrupted within a record, which is left out; complete records are counted`;
  if (!entry.truncated) return null;
  const { truncated_offset: offset, truncated_claimed: claimed, truncated_held: held } = entry;
  const where = offset === undefined ? '' : ` in the record at offset ${offset}`;
  const how = claimed === undefined ? '' : `, which claims ${claimed} bytes where ${held} are left`;
  const why = entry.error_detail === undefined ? '' : `; ${entry.error_detail}`;
  return `${entry.file}: cut short${where}${how}; complete records are counted${why}`;
}

/** The entry of a file that gave no counts. An error that is not about the file ends the whole command. */
export function failedEntry(file: string, caught: unknown): Entry {
  return { file, ...failedFile(file, caught) };
}

/** A word or two on how a file of a joined capture is. */
export function stateOf(row: JoinedFile | JoinedFailure): string {
  if (row.error !== null) return row.error;
  if (row.truncated) return 'cut short';
  if (row.grew === true) return 'still written';
  return row.repeats === undefined ? 'whole' : 'repeats another';
}

/** Version of the JSON document. Fields may be added to it; a change of meaning or a field that goes is a new one. */
const schemaVersion = 1;

/** What --json prints, before it is text. */
export function jsonDocument(entries: readonly Entry[]): JsonDocument {
  return { schemaVersion, results: entries, total: total(entries) };
}

export interface JsonDocument {
  readonly schemaVersion: number;
  readonly results: readonly Entry[];
  readonly total: CaptureTotal;
}

function total(entries: readonly Entry[]): CaptureTotal {
  const without = entries.filter((entry) => !hasFacts(entry));
  return totalOf(
    entries.filter(hasFacts),
    without.reduce((files, entry) => files + (entry.files?.length ?? 1), 0),
  );
}
