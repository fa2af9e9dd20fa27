import { setImmediate } from 'node:timers/promises';
import { TriremeError } from '../common/errors.js';
import { ChunkScanner } from '../pcap/chunk-scanner.js';
import { Merger } from '../pcap/merger.js';
import { RecordWalk } from '../pcap/record-walk.js';
import type { CaptureReport } from '../pcap/report-types.js';
import type { ChunkPlan, ChunkResult } from '../pcap/types.js';
import { FilePour, type Vessel } from './pour.js';
import { loadScanModule } from './scan-module.js';
import type { ScanSettings } from './scan-settings.js';
import { ScanThreads } from './scan-threads.js';

/** Where the bytes of a split capture come from. */
export interface SplitSource {
  /** File name in this folder of the thread that scans chunks of it, and what that is born with. */
  readonly threadFile: string;
  readonly threadData: object;
  /** Pours from a position on into a vessel until it is done, letting others run now and then. */
  pour(vessel: Vessel, start: number, end: number | null, onBytes: (bytes: number) => void): Promise<void>;
}

/** Portions scanned on the main thread before it looks at what the others sent: some 10 ms. */
const portionsPerTurn = 64;

/** An open regular file. */
export function fileSource(fd: number): SplitSource {
  return {
    threadFile: 'scan-thread.js',
    threadData: { fd },
    async pour(vessel, start, _end, onBytes) {
      const file = new FilePour(fd, vessel, start);
      for (let portion = 1, bytes = file.step(); bytes > 0; bytes = file.step(), portion++) {
        onBytes(bytes);
        if (portion % portionsPerTurn === 0) await setImmediate();
      }
    },
  };
}

/**
 * Scans a split capture on this thread and on others, and merges what they give. This thread scans too: it is warm before
 * the others have started, and the merging between its turns is short.
 */
export async function scanSplit(
  source: SplitSource,
  plans: readonly ChunkPlan[],
  threads: number,
  { scan, top, sort }: ScanSettings,
  onBytes: (bytesDone: number) => void,
): Promise<CaptureReport> {
  const module = loadScanModule();
  const merger = new Merger(module, plans, scan);
  const waiting = [...plans];
  let mainBytes = 0;
  const nextPlan = (): ChunkPlan | null => {
    while (waiting.length > 0) {
      const plan = waiting.shift()!;
      if (merger.wanted(plan)) return plan;
    }
    return null;
  };
  const pool = new ScanThreads(threads - 1, source.threadFile, { ...source.threadData, module, scan }, nextPlan);
  const count = (bytes: number): void => {
    mainBytes += bytes;
    onBytes(mainBytes + pool.bytesRead);
  };

  async function scanHere(plan: ChunkPlan): Promise<ChunkResult> {
    const scanner = new ChunkScanner(module, plan, scan);
    await source.pour(scanner, plan.start, plan.end, count);
    return scanner.end();
  }

  try {
    for (;;) {
      for (const result of pool.takeResults()) merger.offer(result);
      const step = merger.next();
      if (step === 'complete') return merger.finish({ top, sort, compression: 'none' });
      if (step === 'walk') {
        const plan = merger.walkPlan();
        const walk = new RecordWalk(module, plan);
        await source.pour(walk, plan.start, null, count);
        merger.walked(walk.end());
        continue;
      }
      if (step !== 'waiting') {
        waiting.unshift(step.rescan);
        continue;
      }
      const mine = nextPlan();
      pool.feed();
      if (mine !== null) merger.offer(await scanHere(mine));
      else if (pool.unsettled) await pool.nextResult();
      else throw new TriremeError('INTERNAL', 'the merge waits for a chunk that nothing scans');
      onBytes(mainBytes + pool.bytesRead);
    }
  } finally {
    pool.close();
  }
}
