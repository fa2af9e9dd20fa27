import { ThreadParts } from '../parts/thread-parts.js';
import { pieceBytes, readAhead } from '../../file/read-ahead.js';
import { ScanThreads } from '../../threads/scan-threads.js';
import { memberBytesMax, type MemberSource, type Ranges } from './member-stream.js';
import type { MemberPlan, MemberResult, MemberThreadData } from './member-thread.js';

/** Packed bytes of a range: some milliseconds of one thread, so that all end together. */
const rangeBytesDefault = 512 * 1024;
/**
 * Bytes that a range may inflate to: 32 times its size. What is packed more tightly is inflated in order, as
 * it comes. Larger buffers cost the collector more.
 */
const rangeOutBytesMax = 16 * 1024 * 1024;
/**
 * Packed bytes of one member from which threads pay: one core inflates them in 0.1 to 0.2 s, and threads take
 * 0.05 to start.
 */
const partsFromBytesDefault = 32 * 1024 * 1024;
/** Ranges for each thread that are inflated, or wait for those before them. */
const rangesAhead = 2;

/** A file whose ranges are inflated by so many threads. */
export function fileOfMembers(
  fd: number,
  sizeBytes: number,
  threads: number,
  { rangeBytes = rangeBytesDefault, partsFromBytes = Infinity } = {},
): MemberSource {
  return {
    sizeBytes,
    partsFromBytes: Math.min(partsFromBytes, partsFromBytesDefault),
    pieceBytes,
    parts: () => new ThreadParts(fd, sizeBytes, threads),
    stream: (from) => readAhead(fd, sizeBytes - from, from),
    ranges: (from) => new ThreadRanges(fd, sizeBytes, from, threads, rangeBytes),
  };
}

/** The ranges of a file, inflated by threads a little ahead of who asks for them in order. */
class ThreadRanges implements Ranges {
  readonly count: number;
  private readonly threads: ScanThreads<MemberPlan, MemberResult>;
  private readonly results = new Map<number, MemberResult>();
  private readonly spare: ArrayBuffer[];
  private next = 0;

  constructor(
    fd: number,
    private readonly sizeBytes: number,
    private readonly from: number,
    threads: number,
    private readonly rangeBytes: number,
  ) {
    this.count = Math.ceil((sizeBytes - from) / rangeBytes);
    // Memory comes to be there only as it is written to.
    this.spare = Array.from({ length: rangesAhead * threads }, () => new ArrayBuffer(rangeOutBytesMax));
    const data: MemberThreadData = { fd, sizeBytes, memberBytesMax };
    this.threads = new ScanThreads(
      Math.min(threads, this.count),
      'captures/packed/members/member-thread.js',
      data,
      () => this.plan(),
      // Moved and not shared: the engine copies shared memory word by word.
      ({ out }) => [out],
    );
    this.threads.feed();
  }

  endOf(number: number): number {
    return Math.min(this.sizeBytes, this.from + (number + 1) * this.rangeBytes);
  }

  /**
   * Asked for in order. Null: there is no memory for threads. @throws TriremeError when a thread has failed
   */
  async result(number: number): Promise<MemberResult | null> {
    for (;;) {
      if (this.threads.starved) return null;
      for (const result of this.threads.takeResults()) this.results.set(result.number, result);
      const found = this.results.get(number);
      if (found !== undefined) {
        this.results.delete(number);
        return found;
      }
      await this.threads.nextResult();
    }
  }

  /** The bytes of a range were taken. */
  release(out: ArrayBuffer): void {
    this.spare.push(out);
    this.threads.feed();
  }

  close(): void {
    this.threads.close();
  }

  private plan(): MemberPlan | null {
    if (this.next >= this.count) return null;
    const out = this.spare.pop();
    if (out === undefined) return null;
    const number = this.next++;
    return { number, from: this.from + number * this.rangeBytes, to: this.endOf(number), out };
  }
}
