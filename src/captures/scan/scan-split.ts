import { setImmediate } from 'node:timers/promises';
import { TriremeError } from '../../common/errors.js';
import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { Merger } from '../../pcap/merger.js';
import { RecordWalk } from '../../pcap/record-walk.js';
import type { ChunkPlan, ChunkResult } from '../../pcap/types.js';
import { GrowthWatch } from '../threads/growth-watch.js';
import { FilePour, type ByteSink } from '../file/pour.js';
import { loadScanModule } from './scan-module.js';
import type { ScanSettings, WholeScan } from './scan-settings.js';
import { ScanThreads } from '../threads/scan-threads.js';
import { growthPart } from '../threads/thread-plan.js';

/** Where the bytes of a split capture come from. */
export interface SplitSource {
  /** File name in this folder of the thread that scans chunks of it, and the data that it starts with. */
  readonly threadModule: string;
  readonly threadData: object;
  /** Pours from a position on into a sink until it is done, letting others run now and then. */
  pour(sink: ByteSink, start: number, end: number | null, onBytes: (bytes: number) => void): Promise<void>;
}

/** Portions scanned on the main thread before it looks at what the others sent: some 10 ms. */
const portionsPerTurn = 64;

/** An open regular file, of which so many bytes are read, however many it has got since. */
export function fileSource(fd: number, sizeBytes: number): SplitSource {
  return {
    threadModule: 'captures/scan/scan-thread.js',
    threadData: { fd, sizeBytes },
    async pour(sink, start, _end, onBytes) {
      const file = new FilePour(fd, sink, start, sizeBytes);
      for (let portion = 1, bytes = file.step(); bytes > 0; bytes = file.step(), portion++) {
        onBytes(bytes);
        if (portion % portionsPerTurn === 0) await setImmediate();
      }
    },
  };
}

/** The first chunk, of which this thread has scanned a part. */
export interface FirstChunk {
  readonly scanner: ChunkScanner;
  readonly pour: FilePour;
  readonly watch: GrowthWatch;
}

export interface SplitPlan {
  readonly plans: readonly ChunkPlan[];
  /** Threads that scan, this one included. */
  readonly threads: number;
  /** Null where the bytes come so slowly that the table does not matter: then no chunk is begun, and none given up. */
  readonly first: FirstChunk | null;
}

/**
 * Scans a split capture on this thread and on others, and merges what they give. This thread scans too: it is warm before
 * the others have started, and the merging between its turns is short. Where conversations turn out to come so fast that
 * merging would cost what the threads save, this thread goes on alone from what is proven.
 * @returns what holds all counts
 */
export async function scanSplit(
  source: SplitSource,
  split: SplitPlan,
  settings: ScanSettings,
  onBytes: (bytesDone: number) => void,
): Promise<WholeScan> {
  const scan = new SplitScan(source, split, settings, onBytes);
  try {
    return await scan.run();
  } finally {
    scan.close();
  }
}

class SplitScan {
  private readonly module = loadScanModule();
  private readonly growthBytes: number;
  private readonly waiting: ChunkPlan[];
  private readonly pool: ScanThreads<ChunkPlan, ChunkResult>;
  private merger: Merger | null = null;
  private mainBytes = 0;

  constructor(
    private readonly source: SplitSource,
    private readonly split: SplitPlan,
    private readonly settings: ScanSettings,
    private readonly onBytes: (bytesDone: number) => void,
  ) {
    const { scan, threadBytesMin } = settings;
    this.growthBytes = threadBytesMin * growthPart;
    this.waiting = split.plans.slice(split.first === null ? 0 : 1);
    const data = { ...source.threadData, module: this.module, scan, growthBytes: this.growthBytes };
    this.pool = new ScanThreads<ChunkPlan, ChunkResult>(split.threads - 1, source.threadModule, data, () =>
      this.nextPlan(),
    );
  }

  async run(): Promise<WholeScan> {
    const { first, plans } = this.split;
    if (first !== null && !(await this.scanFirst(first))) return first.scanner;
    const merger = new Merger(this.module, plans, this.settings.scan, first?.scanner.handOver());
    this.merger = merger;
    for (;;) {
      for (const result of this.pool.takeResults()) merger.offer(result);
      const step = merger.next();
      if (step === 'complete')
        return { report: (options) => merger.finish(options), end: () => merger.finishPartial() };
      if (this.pool.crowded) return this.alone(merger);
      if (step === 'walk') {
        const plan = merger.walkPlan();
        const walk = new RecordWalk(this.module, plan);
        await this.source.pour(walk, plan.start, null, this.count);
        merger.walked(walk.end());
        continue;
      }
      if (step !== 'waiting') {
        this.waiting.unshift(step.rescan);
        continue;
      }
      const mine = this.nextPlan();
      this.pool.feed();
      if (mine !== null) {
        const result = await this.scanHere(mine);
        if (result === null) return this.alone(merger);
        merger.offer(result);
      } else if (this.pool.unsettled) await this.pool.nextResult();
      else throw new TriremeError('INTERNAL', 'the merge waits for a chunk that nothing scans');
      this.onBytes(this.mainBytes + this.pool.bytesRead);
    }
  }

  close(): void {
    this.pool.close();
  }

  private nextPlan(): ChunkPlan | null {
    while (this.waiting.length > 0) {
      const plan = this.waiting.shift()!;
      if (this.merger === null || this.merger.wanted(plan)) return plan;
    }
    return null;
  }

  private readonly count = (bytes: number): void => {
    this.mainBytes += bytes;
    this.onBytes(this.mainBytes + this.pool.bytesRead);
  };

  /** Ends the first chunk while the others are scanned; false: it has become the whole file. */
  private async scanFirst({ scanner, pour, watch }: FirstChunk): Promise<boolean> {
    this.mainBytes = scanner.position;
    this.pool.feed();
    for (let portion = 1, bytes = pour.step(); bytes > 0; bytes = pour.step(), portion++) {
      this.count(bytes);
      if (watch.passed(bytes) || this.pool.crowded) {
        this.close();
        scanner.goOn();
        pour.all(this.count);
        return false;
      }
      if (portion % portionsPerTurn === 0) await setImmediate();
    }
    return true;
  }

  /** Null: it was given up. */
  private async scanHere(plan: ChunkPlan): Promise<ChunkResult | null> {
    const scanner = new ChunkScanner(this.module, plan, this.settings.scan);
    const watch = new GrowthWatch(this.growthBytes, () => scanner.table);
    const sink = this.split.first === null ? scanner : new Abandonable(scanner, watch, this.pool);
    await this.source.pour(sink, plan.start, plan.end, this.count);
    if (sink instanceof Abandonable && sink.abandoned) {
      scanner.cancel();
      return null;
    }
    return scanner.end();
  }

  /** Scans the rest on this thread. What the others have scanned and is not merged yet is scanned again. */
  private async alone(merger: Merger): Promise<WholeScan> {
    this.close();
    const scanner = merger.scanOn();
    this.mainBytes = merger.provenBytes - this.pool.bytesRead;
    await this.source.pour(scanner, merger.provenBytes, null, this.count);
    return scanner;
  }
}

/** A chunk's scanner that wants no more bytes once its table, or that of another thread, grows too fast. */
class Abandonable implements ByteSink {
  private wasAbandoned = false;

  constructor(
    private readonly scanner: ChunkScanner,
    private readonly watch: GrowthWatch,
    private readonly pool: ScanThreads<ChunkPlan, ChunkResult>,
  ) {}

  get abandoned(): boolean {
    return this.wasAbandoned;
  }

  get done(): boolean {
    return this.wasAbandoned || this.scanner.done;
  }

  space(): Uint8Array {
    return this.scanner.space();
  }

  filled(bytes: number): void {
    this.scanner.filled(bytes);
    if (!this.scanner.done && (this.watch.passed(bytes) || this.pool.crowded)) this.wasAbandoned = true;
  }
}
