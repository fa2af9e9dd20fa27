import { setImmediate } from 'node:timers/promises';
import { TriremeError } from '../../common/errors.js';
import { JoinScanner } from '../../pcap/join-scanner.js';
import { failedFile } from '../scan/capture-entry.js';
import { openCapture } from '../file/capture-file.js';
import { GrowthWatch } from '../threads/growth-watch.js';
import { scanPlain } from '../whole/scan-file.js';
import { loadScanModule } from '../scan/scan-module.js';
import type { ScanSettings } from '../scan/scan-settings.js';
import { ScanThreads } from '../threads/scan-threads.js';
import { growthPart, planThreads, type ThreadPlan } from '../threads/thread-plan.js';
import { OrderedSums, type Sums } from './ordered-sums.js';
import { planRuns } from './plan-runs.js';
import type { FileHead } from './read-heads.js';
import { goesByOrder } from '../../pcap/scan-options.js';
import { beforeRun, type RunFile, type RunPlan, type RunResult, type ScannedRun, scanRun } from './scan-run.js';

/** Ends a scan on several threads; never leaves this file. */
class Crowded extends Error {}

/**
 * Scans runs of files on this thread and on others, and adds them up in their order. Where conversations come
 * so fast that adding up their tables would cost what the threads save, this thread begins anew alone.
 */
export async function scanJoinThreads(
  ordered: readonly FileHead[],
  plan: ThreadPlan,
  settings: ScanSettings,
): Promise<ScannedRun> {
  try {
    return await scanTogether(ordered, plan, settings);
  } catch (error) {
    if (!(error instanceof Crowded)) throw error;
    const total = ordered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    let done = 0;
    return scanRun(loadScanModule(), ordered.map(fileOf), settings.scan, (bytes) =>
      settings.onProgress?.((done += bytes), total),
    );
  }
}

const fileOf = ({ name, compression }: FileHead): RunFile => ({ name, compression });

async function scanTogether(
  ordered: readonly FileHead[],
  { threads, shares }: ThreadPlan,
  settings: ScanSettings,
): Promise<ScannedRun> {
  const { scan, onProgress } = settings;
  const total = ordered.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  // What is told by order is put together from runs of files, which know how to begin behind others.
  const large = goesByOrder(scan)
    ? new Set<number>()
    : new Set([...ordered.keys()].filter((i) => isLarge(ordered[i], total / threads, settings)));
  let runs: RunPlan[] = [];
  const filesFrom = new Map<number, readonly RunFile[]>();
  const sums = new OrderedSums(new JoinScanner(loadScanModule(), scan), (from, again) =>
    runs.unshift({ from, files: filesFrom.get(from)!, again }),
  );
  let done = 0;
  const onBytes = (bytes: number): void => onProgress?.((done += bytes), total);
  try {
    // Large files go first: the sums of all files behind one wait for it in memory.
    for (const i of large) {
      sums.add(i, await scanLarge(ordered[i], settings, onBytes));
    }
    const files = ordered.map(fileOf);
    runs = planRuns(ordered, shares, large).map(({ from, to }) => ({ from, files: files.slice(from, to) }));
    for (const { from, files: some } of runs) filesFrom.set(from, some);
    await scanRuns(runs, threads, settings, onBytes, (result) => sums.add(result.from, result));
    const { scanner, outcomes } = sums;
    if (outcomes.length === ordered.length) return { scanner, outcomes };
    throw new TriremeError('INTERNAL', `${ordered.length - outcomes.length} files were not scanned`);
  } catch (error) {
    sums.scanner.cancel();
    throw error;
  }
}

/** A file that is more than one thread's share of all, and pays for threads of its own. */
function isLarge(file: FileHead, share: number, { threadsMax, threadBytesMin }: ScanSettings): boolean {
  const { sizeBytes, compression } = file;
  return compression === null && sizeBytes > share && planThreads(sizeBytes, threadsMax, threadBytesMin).threads > 1;
}

/** A file that is split as it would be alone. */
async function scanLarge({ name }: FileHead, settings: ScanSettings, onBytes: (bytes: number) => void): Promise<Sums> {
  let told = 0;
  const onProgress = (bytes: number): void => {
    onBytes(bytes - told);
    told = bytes;
  };
  try {
    const file = openCapture(name);
    try {
      const sizeBytes = file.sizeBytes ?? 0;
      const whole = await scanPlain(file, sizeBytes, { ...settings, onProgress });
      const { partial, ...outcome } = whole.end();
      if (!file.hasGrown()) return { whole: [partial, outcome] };
      // Its threads read on to wherever it ended when they came there: only a bounded scan is exact.
      const files = [{ name, compression: null, sizeBytes }];
      const { scanner, outcomes } = await scanRun(loadScanModule(), files, settings.scan, () => undefined);
      return { outcomes, partial: scanner.partial() };
    } finally {
      file.close();
    }
  } catch (error) {
    return { failed: failedFile(name, error) };
  }
}

async function scanRuns(
  runs: RunPlan[],
  threads: number,
  { scan, threadBytesMin }: ScanSettings,
  onBytes: (bytes: number) => void,
  onResult: (result: RunResult) => void,
): Promise<void> {
  const module = loadScanModule();
  const next = (): RunPlan | null => runs.shift() ?? null;
  if (runs.length === 0) return;
  const pool = new ScanThreads<RunPlan, RunResult>(
    Math.min(threads, runs.length) - 1,
    'captures/join/join-thread.js',
    // Runs are not given up because their tables grow: nobody looks.
    { module, scan, growthBytes: Infinity },
    next,
  );
  let told = 0;
  const count = (bytes: number): void => {
    onBytes(bytes + pool.bytesRead - told);
    told = pool.bytesRead;
  };
  const pause = async (): Promise<void> => {
    await setImmediate();
    for (const result of pool.takeResults()) onResult(result);
  };
  try {
    // The calling thread's own run first: the others are still starting.
    for (let mine = next(); ; mine = next()) {
      pool.feed();
      if (mine !== null) {
        const table: { of?: JoinScanner } = {};
        const watch = new GrowthWatch(threadBytesMin * growthPart, () => table.of!.table);
        const watched = (bytes: number, scanner: JoinScanner): void => {
          table.of = scanner;
          count(mine.again === undefined ? bytes : 0);
          if (watch.passed(bytes)) throw new Crowded();
        };
        const { from, again, files } = mine;
        const { scanner, outcomes } = await scanRun(module, files, scan, watched, pause, beforeRun(mine));
        onResult({ from, again, outcomes, partial: scanner.partial() });
      } else if (pool.unsettled) {
        await pool.nextResult();
      } else return;
      await pause();
      count(0);
    }
  } finally {
    pool.close();
  }
}
