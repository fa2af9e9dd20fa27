import type { JoinedFailure, JoinedFile } from '../pcap/report-types.js';

/** A word or two on how a file of a joined capture is. */
export function stateOf(row: JoinedFile | JoinedFailure): string {
  if (row.error !== null) return row.error;
  if (row.truncated) return 'cut short';
  if (row.grew === true) return 'still written';
  return row.repeats === undefined ? 'whole' : 'repeats another';
}
