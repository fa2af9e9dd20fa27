import { setImmediate } from 'node:timers/promises';
import { TriremeError } from '../../common/errors.js';
import { ChunkScanner } from '../../pcap/chunk-scanner.js';
import { MergeDriver, type MergePorts } from '../../pcap/merge-driver.js';
import { Merger } from '../../pcap/merger.js';
import type { ChunkPlan, ChunkResult } from '../../pcap/types.js';
import { GrowthWatch } from '../threads/growth-watch.js';
import { FilePour, type ByteSink } from '../file/pour.js';
import { loadScanModule } from './scan-module.js';
import type { ScanSettings, WholeScan } from './scan-settings.js';
import { ScanThreads } from '../threads/scan-threads.js';
import { growthPart } from '../threads/thread-plan.js';

/** Where the bytes of a split capture come from. */
export interface SplitSource {
  /** Module of the thread that scans chunks of it, by its place below src, and the data that it starts with. */
  readonly threadModule: string;
  readonly threadData: object;
  /**
   * Pours from a position on into a sink until it is done, letting others run now and then; tells all bytes
   * of it so far.
   */
  pour(sink: ByteSink, start: number, end: number | null, onBytes: (bytesDone: number) => void): Promise<void>;
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
        onBytes(file.position - start);
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
 * Scans a split capture on this thread and on others, and merges what they give. This thread scans too: it is
 * warm before the others have started, and the merging between its turns is short. Where conversations turn
 * out to come so fast that merging would cost what the threads save, this thread goes on alone from what is
 * proven.
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

class SplitScan implements MergePorts {
  private readonly module = loadScanModule();
  private readonly growthBytes: number;
  private waiting: ChunkPlan[];
  private readonly pool: ScanThreads<ChunkPlan, ChunkResult>;
  /** Bytes that this thread has read. */
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
    const driver = new MergeDriver(this.module, merger, plans, this);
    for (;;) {
      if (this.pool.starved) return this.alone(merger);
      if ((await driver.take(this.pool.takeResults())) === 'complete')
        return { report: (options) => merger.finish(options), end: () => merger.finishPartial() };
      if (this.pool.crowded) return this.alone(merger);
      const mine = this.nextPlan();
      this.pool.feed();
      if (mine !== null) {
        const result = await this.scanHere(mine);
        if (result === null) return this.alone(merger);
        await driver.take([result]);
      } else if (this.pool.unsettled) await this.pool.nextResult();
      else throw new TriremeError('INTERNAL', 'the merge waits for a chunk that nothing scans');
      this.tell(this.mainBytes);
    }
  }

  close(): void {
    this.pool.close();
  }

  rescan(plan: ChunkPlan): void {
    this.waiting.unshift(plan);
  }

  drop(plans: readonly ChunkPlan[]): void {
    const unwanted = new Set(plans);
    this.waiting = this.waiting.filter((plan) => !unwanted.has(plan));
  }

  async pour(sink: ByteSink, start: number, end: number | null = null): Promise<void> {
    const before = this.mainBytes;
    await this.source.pour(sink, start, end, (bytesDone) => this.tell(before + bytesDone));
  }

  private nextPlan(): ChunkPlan | null {
    return this.waiting.shift() ?? null;
  }

  private tell(mainBytes: number): void {
    this.mainBytes = mainBytes;
    this.onBytes(mainBytes + this.pool.bytesRead);
  }

  /** Ends the first chunk while the others are scanned; false: it has become the whole file. */
  private async scanFirst({ scanner, pour, watch }: FirstChunk): Promise<boolean> {
    this.mainBytes = pour.position;
    this.pool.feed();
    for (let portion = 1, bytes = pour.step(); bytes > 0; bytes = pour.step(), portion++) {
      this.tell(pour.position);
      if (watch.passed(bytes) || this.pool.crowded) {
        this.close();
        scanner.goOn();
        pour.all(() => this.tell(pour.position));
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
    await this.pour(sink, plan.start, plan.end);
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
    await this.pour(scanner, merger.provenBytes);
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
