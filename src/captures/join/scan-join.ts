import { joinEntry, type JoinEntry } from './join-entry.js';
import { sortOut } from './join-rows.js';
import type { ListedFile } from './list-files.js';
import { inOrder } from './order-files.js';
import { readHeads, type FileHead } from './read-heads.js';
import { scanRun, type FileOutcome } from './scan-run.js';
import type { ScanSettings } from '../scan-settings.js';
import type { JoinScanner } from '../../pcap/join-scanner.js';

/** All files counted into one table, and how each ended. */
export interface ScannedJoin {
  readonly scanner: JoinScanner;
  readonly outcomes: readonly FileOutcome[];
}

/**
 * The whole analysis of a capture that lies in many files.
 * @param name of the entry; empty: made from the names of the files
 */
export async function scanJoin(name: string, listed: readonly ListedFile[], settings: ScanSettings): Promise<JoinEntry> {
  const { heads, failed } = await readHeads(listed);
  const ordered = inOrder(heads);
  const { scanner, outcomes } = await scanAll(ordered, settings);
  const unopened = failed.map(({ name: file, error, error_detail }) => ({ file, error, error_detail }));
  const sorted = sortOut(
    ordered.map((head, i) => ({ head, outcome: outcomes[i] })),
    unopened,
  );
  try {
    const { top, sort } = settings;
    return joinEntry(name, sorted, () => scanner.report({ top, sort, compression: 'none' }));
  } finally {
    scanner.cancel();
  }
}

function scanAll(ordered: readonly FileHead[], { scan, onProgress }: ScanSettings): Promise<ScannedJoin> {
  const total = ordered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let done = 0;
  return scanRun(ordered, scan, (bytes) => onProgress?.((done += bytes), total));
}
