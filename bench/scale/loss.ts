import type { ClosedLoop } from './closed-loop.js';

/** Follows the jobs that a worker held when it fell out, until each was given to another one. */
export class Loss {
  private readonly missing: Set<number>;

  constructor(
    private readonly load: ClosedLoop,
    worker: number,
  ) {
    this.missing = new Set([...load.holders].filter(([, holder]) => holder === worker).map(([tag]) => tag));
    load.onGiven = (tag, to) => {
      if (to !== worker) this.missing.delete(tag);
    };
  }

  /** Each of its jobs runs elsewhere, or was answered: its last words may still have been on their way. */
  get over(): boolean {
    for (const tag of this.missing) {
      if (this.load.holders.has(tag)) return false;
      this.missing.delete(tag);
    }
    return true;
  }
}
