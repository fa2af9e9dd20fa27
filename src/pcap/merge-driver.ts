import type { Merger } from './merger.js';
import { RecordWalk } from './record-walk.js';
import type { ChunkPlan, ChunkResult, PackedRange } from './types.js';

/**
 * What a merge asks of whoever has the bytes of the capture and somebody who scans them: threads, or workers
 * of a master.
 */
export interface MergePorts {
  /** This chunk is to be scanned before all that wait: the proof stands still without its result. */
  rescan(plan: ChunkPlan): void;
  /** Results of these cannot matter any more, whether they wait to be scanned, are being scanned or have come. */
  drop(plans: readonly ChunkPlan[]): void;
  /** Pours the capture from a position on into the walk until it is done. */
  pour(walk: RecordWalk, start: number): Promise<void>;
}

/**
 * The loop of a merge, the same for threads and the cluster: takes results in any order, has chunks scanned
 * again whose guesses were wrong, walks through record headers where too many were, and tells which chunks
 * are not wanted any more.
 */
export class MergeDriver {
  /** Chunks whose results can still matter and have not come. */
  private open: ChunkPlan[];

  constructor(
    private readonly module: WebAssembly.Module,
    readonly merger: Merger,
    plans: readonly ChunkPlan[],
    private readonly ports: MergePorts,
  ) {
    this.open = [...plans];
  }

  /**
   * Takes results in, and does what follows from them.
   * @returns complete: the merger can be finished; waiting: results are missing
   * @throws TriremeError JOB_FAILED of a result that cannot be true, and what the ports throw
   */
  async take(results: readonly ChunkResult[]): Promise<'complete' | 'waiting'> {
    const { merger } = this;
    for (const result of results) merger.offer(result);
    return this.goOn();
  }

  /** Gives up the chunks of a packed file: see Merger.restAsOne(). */
  restAsOne(range: PackedRange): Promise<'complete' | 'waiting'> {
    this.merger.restAsOne(range);
    return this.goOn();
  }

  /** Does what can be done without another result. */
  private async goOn(): Promise<'complete' | 'waiting'> {
    const { merger, ports } = this;
    for (;;) {
      const step = merger.next();
      if (step === 'walk') await this.walk();
      else if (typeof step === 'string') {
        this.drop();
        return step;
      } else {
        this.open.push(step.rescan);
        ports.rescan(step.rescan);
      }
    }
  }

  private async walk(): Promise<void> {
    const plan = this.merger.walkPlan();
    const walk = new RecordWalk(this.module, plan);
    await this.ports.pour(walk, plan.start);
    this.merger.walked(walk.end());
  }

  private drop(): void {
    const { open, merger } = this;
    const unwanted = open.filter((plan) => !merger.wanted(plan));
    if (unwanted.length === 0) return;
    this.open = open.filter((plan) => merger.wanted(plan));
    this.ports.drop(unwanted);
  }
}
