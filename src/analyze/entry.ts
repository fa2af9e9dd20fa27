import type { CaptureEntry } from '../captures/capture-entry.js';
import type { CaptureFacts } from '../pcap/report-types.js';

/** A file that gave no counts: it could not be opened or read, or changed meanwhile. */
export interface FailedEntry {
  readonly error: 'unreadable' | 'changed';
  readonly error_detail: string;
}

/** What is told of one file. `file` is the name as the user wrote it. */
export type Entry = { readonly file: string } & (CaptureEntry | FailedEntry);

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
  return entries.every((entry) => entry.error === null && hasFacts(entry) && !entry.truncated) ? 0 : 1;
}

/** The one line on stderr for a file that is not all well; null for a sound one. */
export function complaintOf(entry: Entry): string | null {
  if (!hasFacts(entry)) {
    return entry.error === 'not-a-capture'
      ? `${entry.file}: not a capture: ${entry.error_detail}`
      : entry.error_detail!;
  }
  if (entry.error === 'damaged') return `${entry.file}: damaged: ${entry.error_detail}; counts are those before it`;
  if (!entry.truncated) return null;
  const { truncated_offset: offset, truncated_claimed: claimed, truncated_held: held } = entry;
  const where = offset === undefined ? '' : ` in the record at offset ${offset}`;
  const how = claimed === undefined ? '' : `, which claims ${claimed} bytes where ${held} are left`;
  return `${entry.file}: cut short${where}${how}; complete records are counted`;
}
