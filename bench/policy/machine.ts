/** A change of speed that the simulated worker goes through; the policies are not told. */
export type Fault =
  | { readonly type: 'slower'; readonly atSeconds: number; readonly factor: number }
  | { readonly type: 'frozen'; readonly atSeconds: number; readonly forSeconds: number }
  /** A cgroup CPU quota: so much running in each period, then standing still until the next. From `atSeconds` on. */
  | {
      readonly type: 'quota';
      readonly atSeconds: number;
      readonly share: number;
      readonly periodSeconds: number;
      readonly phaseSeconds: number;
    };

/** A simulated worker as it really is; what the policies are told stands in Told. */
export interface Machine {
  readonly cores: number;
  readonly speed: number;
  readonly faults: readonly Fault[];
}

/** The cores of one machine: takes jobs in the order of their arrival and says when each starts and ends. */
export class Cores {
  private readonly freeAt: Float64Array;
  private quotaPeriod = -1;
  private quotaUsed = 0;
  startedAt = 0;

  constructor(private readonly machine: Machine) {
    this.freeAt = new Float64Array(machine.cores);
  }

  /** Returns when the job ends; `work` is in seconds at speed 1. Sets `startedAt`. */
  run(arrivesAt: number, work: number): number {
    let core = 0;
    for (let other = 1; other < this.freeAt.length; other++) if (this.freeAt[other] < this.freeAt[core]) core = other;
    this.startedAt = Math.max(arrivesAt, this.freeAt[core]);
    return (this.freeAt[core] = this.endOf(this.startedAt, work / this.machine.speed));
  }

  /** Cores at work and jobs waiting behind them, at a moment, as a heartbeat would tell. */
  busy(now: number): number {
    return this.freeAt.reduce((sum, free) => sum + (free > now ? 1 : 0), 0);
  }

  /** The first moment from `at` on at which the machine runs: its own threads cannot send while it stands still. */
  runsAt(at: number): number {
    for (const fault of this.machine.faults) {
      if (fault.type === 'frozen' && at >= fault.atSeconds && at < fault.atSeconds + fault.forSeconds)
        return fault.atSeconds + fault.forSeconds;
      if (fault.type === 'quota' && at >= fault.atSeconds) {
        const period = Math.floor((at - fault.phaseSeconds) / fault.periodSeconds);
        if (period === this.quotaPeriod && this.quotaUsed >= fault.share * fault.periodSeconds - 1e-12)
          return fault.phaseSeconds + (period + 1) * fault.periodSeconds;
      }
    }
    return at;
  }

  private endOf(start: number, seconds: number): number {
    let at = start;
    let left = seconds;
    for (const fault of this.machine.faults) {
      if (fault.type === 'slower') {
        const before = Math.max(0, Math.min(left, fault.atSeconds - at));
        left = before + (left - before) / fault.factor;
      } else if (fault.type === 'frozen') {
        if (at < fault.atSeconds + fault.forSeconds && at + left > fault.atSeconds)
          left += fault.atSeconds + fault.forSeconds - Math.max(at, fault.atSeconds);
      } else if (at + left > fault.atSeconds) return this.endUnderQuota(fault, at, left);
    }
    at += left;
    return at;
  }

  /** One core only: several cores would use up the quota together. */
  private endUnderQuota(fault: Extract<Fault, { type: 'quota' }>, start: number, seconds: number): number {
    const free = Math.max(0, Math.min(seconds, fault.atSeconds - start));
    let at = start + free;
    let left = seconds - free;
    const budget = fault.share * fault.periodSeconds;
    while (left > 0) {
      const period = Math.floor((at - fault.phaseSeconds) / fault.periodSeconds + 1e-9);
      if (period !== this.quotaPeriod) {
        this.quotaPeriod = period;
        this.quotaUsed = 0;
      }
      const periodEnd = fault.phaseSeconds + (period + 1) * fault.periodSeconds;
      const step = Math.min(left, budget - this.quotaUsed, periodEnd - at);
      this.quotaUsed += step;
      left -= step;
      at += step;
      if (left > 0) at = periodEnd;
    }
    return at;
  }
}
