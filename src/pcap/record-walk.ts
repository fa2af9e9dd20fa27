import { Kernel, noLimit, phases } from './kernel.js';
import { scanOptionsDefault } from './scan-options.js';
import type { WalkPlan, WalkResult } from './types.js';

/**
 * The serial walk over record headers, the fall-back when guessed starts failed twice. Pushed to as a ChunkScanner is.
 */
export class RecordWalk {
  private readonly kernel: Kernel;
  private readonly boundaries: WalkResult['boundaries'][number][] = [];

  constructor(
    module: WebAssembly.Module,
    private readonly plan: WalkPlan,
  ) {
    this.kernel = Kernel.acquire(module, scanOptionsDefault, 'walk');
    this.kernel.installState(plan.state);
    const format = this.kernel.formatNumber(plan.state);
    this.kernel.exports.beginWindow(BigInt(plan.start), this.cut(), phases.records, format);
    this.note();
  }

  space(): Uint8Array {
    return this.kernel.space();
  }

  filled(bytes: number): void {
    this.kernel.exports.filled(bytes);
    this.note();
  }

  /** Every cut has its boundary, or damage ended the walk. */
  get done(): boolean {
    return this.kernel.done;
  }

  /** Position in the file up to which the walk came. */
  get position(): number {
    return Number(this.kernel.exports.position());
  }

  end(): WalkResult {
    this.kernel.release();
    return { plan: this.plan, boundaries: this.boundaries };
  }

  private cut(): bigint {
    return BigInt(this.plan.cuts[this.boundaries.length] ?? noLimit);
  }

  /** Notes boundaries as they are reached, several at once where a record spans several cuts. */
  private note(): void {
    const { exports } = this.kernel;
    while (exports.phaseNow() === phases.complete && this.boundaries.length < this.plan.cuts.length) {
      this.boundaries.push({ offset: Number(exports.position()), state: this.kernel.readState() });
      if (this.boundaries.length < this.plan.cuts.length) exports.setLimit(this.cut());
    }
  }
}
