import { ScanThreads } from '../../threads/scan-threads.js';
import { PartNews, type PartStart } from './part-news.js';
import type { PartOrder, PartResult, PartThreadData } from './part-thread.js';
import type { PartRun } from './run-part.js';

/**
 * Packed bytes of a part, at most: some milliseconds of one thread. The search for its first block costs a
 * tenth of one.
 */
export const partBytesMax = 2 * 1024 * 1024;
/** Packed bytes of a part, at least: blocks are smaller. */
const partBytesMin = 256 * 1024;
/** Bytes that a part should inflate to: twice as many are written and read again before they are known. */
const partOutBytes = 6 * 1024 * 1024;
/**
 * Bytes that a part may inflate to. One that is packed more tightly than those before it is inflated in
 * order, as it comes.
 */
const partOutBytesMax = 16 * 1024 * 1024;
/** Parts for each thread that are inflated, or wait for those before them. */
const partsAhead = 2;

/** The parts of a deflate stream, from a block on, inflated a little ahead of who asks for them in order. */
export interface Parts {
  /** Threads have started. Until then whoever reads in order goes on. */
  readonly ready: boolean;
  /** @param ratio bytes that a packed byte has inflated to so far */
  begin(start: PartStart, ratio: number): void;
  /** There is no memory for threads. */
  readonly starved: boolean;
  /**
   * The next one. Null: there is none, or no memory for threads. @throws TriremeError when a thread has
   * failed
   */
  next(): Promise<{ readonly run: PartRun | null; readonly out: ArrayBuffer } | null>;
  /** The bytes of a part were taken. */
  release(out: ArrayBuffer): void;
  /** Those that were begun are of no use any more. */
  stop(): void;
  close(): void;
}

/** The parts of a file, inflated by threads. */
export class ThreadParts implements Parts {
  private readonly threads: ScanThreads<PartOrder, PartResult>;
  private readonly results = new Map<number, PartResult>();
  private readonly spare: ArrayBuffer[];
  private readonly places: number;
  private news: PartNews;
  private beginning = 0;
  private from: number;
  private partBytes = partBytesMax;
  private planned = 0;
  private taken = 0;

  constructor(
    fd: number,
    private readonly sizeBytes: number,
    threads: number,
  ) {
    this.from = sizeBytes;
    const count = partsAhead * threads;
    // Memory comes to be there only as it is written to.
    this.spare = Array.from({ length: count }, () => new ArrayBuffer(partOutBytesMax));
    // Of all parts that are under way, where they begin, and where the one behind them does.
    this.places = count + 2;
    this.news = new PartNews(this.places);
    const data: PartThreadData = { fd, sizeBytes };
    this.threads = new ScanThreads(
      threads,
      'captures/packed/parts/part-thread.js',
      data,
      () => this.plan(),
      ({ out }) => [out],
    );
  }

  get ready(): boolean {
    return this.threads.up && !this.starved;
  }

  get starved(): boolean {
    return this.threads.starved;
  }

  begin(start: PartStart, ratio: number): void {
    this.beginning++;
    this.news = new PartNews(this.places);
    this.news.tell(0, start);
    this.from = Math.floor(start.bit / 8);
    this.partBytes = Math.round(Math.max(partBytesMin, Math.min(partBytesMax, partOutBytes / ratio)));
    this.planned = 0;
    this.taken = 0;
    this.threads.feed();
  }

  async next(): Promise<PartResult | null> {
    for (;;) {
      if (this.threads.starved) return null;
      for (const result of this.threads.takeResults()) {
        if (result.beginning === this.beginning) this.results.set(result.number, result);
        else this.release(result.out);
      }
      const found = this.results.get(this.taken);
      if (found !== undefined) {
        this.results.delete(this.taken++);
        return found;
      }
      if (this.taken === this.planned && this.from >= this.sizeBytes) return null;
      await this.threads.nextResult();
    }
  }

  release(out: ArrayBuffer): void {
    this.spare.push(out);
    this.threads.feed();
  }

  stop(): void {
    this.beginning++;
    this.from = this.sizeBytes;
    this.news.end();
    for (const { out } of this.results.values()) this.spare.push(out);
    this.results.clear();
  }

  close(): void {
    this.threads.close();
  }

  private plan(): PartOrder | null {
    if (this.from >= this.sizeBytes) return null;
    const out = this.spare.pop();
    if (out === undefined) return null;
    const number = this.planned++;
    const from = this.from;
    // A last part that is shorter than a block would cost more than it gives.
    const rest = this.sizeBytes - from;
    this.from = rest < this.partBytes + partBytesMin ? this.sizeBytes : from + this.partBytes;
    this.news.clear(number + 1);
    return { beginning: this.beginning, number, from, to: this.from, out, news: this.news.memory };
  }
}
