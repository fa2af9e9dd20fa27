import { joinEntry, type JoinEntry } from './join-entry.js';
import { sortOut } from './join-rows.js';
import type { ListedFile } from './list-files.js';
import { inOrder } from './order-files.js';
import { readHeads, type FileHead } from './read-heads.js';
import { scanRun, type ScannedRun } from './scan-run.js';
import { isOpen, knowingFirst } from '../../pcap/first-time.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings } from '../scan/scan-settings.js';
import { planThreads } from '../threads/thread-plan.js';

/**
 * The whole analysis of a capture that lies in many files.
 * @param name of the entry; empty: made from the names of the files
 */
export async function scanJoin(
  name: string,
  listed: readonly ListedFile[],
  settings: ScanSettings,
): Promise<JoinEntry> {
  const { heads, failed } = await readHeads(listed);
  const ordered = inOrder(heads);
  const scan = knowingFirst(settings.scan, ordered[0]?.firstNs ?? null);
  const { scanner, outcomes } = await scanAll(ordered, { ...settings, scan });
  const unopened = failed.map(({ name: file, error, error_detail }) => ({ file, error, error_detail }));
  const sorted = sortOut(
    ordered.map((head, i) => ({ head, outcome: outcomes[i] })),
    unopened,
  );
  try {
    const { top, sort, packedRows } = settings;
    return joinEntry(name, sorted, () => scanner.report({ top, sort, packedRows, compression: 'none' }));
  } finally {
    scanner.cancel();
  }
}

function scanAll(ordered: readonly FileHead[], settings: ScanSettings): Promise<ScannedRun> {
  const { scan, onProgress, threadsMax, threadBytesMin } = settings;
  const total = ordered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const plan = planThreads(total, threadsMax, threadBytesMin);
  if (plan.threads > 1 && !isOpen(scan.span)) {
    // Loaded only here: one core has no need of threads.
    const { scanJoinThreads } = require('./scan-join-threads.js') as typeof import('./scan-join-threads.js');
    return scanJoinThreads(ordered, plan, settings);
  }
  let done = 0;
  return scanRun(loadScanModule(), ordered, scan, (bytes) => onProgress?.((done += bytes), total));
}
