import type { KindState } from '../jobs/kind-state.js';
import type { FleetSpeed } from '../picking/views.js';

/** A busy time below this is over before anyone could read of it, and its length is mostly the round trip. */
const busySecondsMin = 0.5;

/**
 * From the first job of an idle hub until it is idle again, without the time in which no worker had a job: how long it
 * took, and how long it would take if every slot worked all the time.
 */
export interface BusyTime {
  readonly seconds: number;
  readonly boundSeconds: number;
  readonly running: boolean;
}

/**
 * How far the hub is from the best that its workers could do, measured as jobs come and go.
 *
 * The pooled queue: an imagined hub whose jobs wait in one line before all slots, drained at the speed of all workers
 * together with nothing lost on the way. Its line grows by the job's share of that speed with each submit and shrinks
 * by a second each second; what a job would find there, and then the nearest worker's round trip and the fastest slot's
 * cost, is counted beside the latency that it really had.
 *
 * The makespan: from the first job that an idle hub is given until it is idle again, as far as any worker had a job,
 * against the work done in that time divided by the speed of all workers, plus one round trip.
 *
 * Costs for each job: some additions and one count. Speeds are set from outside, once a second.
 */
export class Optimum {
  private lineSeconds = 0;
  private lineAt = 0;
  private isBusy = false;
  /** Since when some worker has had a job; NaN: none has. */
  private workingSince = NaN;
  /** The time before that in this busy time. */
  private workedSeconds = 0;
  /** Seconds of all workers' time that the jobs answered since then were worth. */
  private busyWork = 0;
  private roundTrip = 0;
  private last: BusyTime | null = null;

  /** A job was submitted; `live` counts it. */
  submitted(state: KindState, units: number, live: number, now: number): void {
    if (live === 1) {
      this.isBusy = true;
      this.workedSeconds = 0;
      this.busyWork = 0;
      this.lineSeconds = 0;
      this.lineAt = now;
    }
    state.unitsSubmitted += units;
    const left = this.lineSeconds - (now - this.lineAt);
    const line = left > 0 ? left : 0;
    this.lineAt = now;
    this.lineSeconds = line + state.fleetFixedSeconds + units * state.fleetSecondsPerUnit;
    state.pooled.observe(line + state.floorSeconds + units * state.floorSecondsPerUnit);
  }

  /** A job was answered. */
  answered(state: KindState, units: number): void {
    this.busyWork += state.fleetFixedSeconds + units * state.fleetSecondsPerUnit;
  }

  /** A worker has a job, and none had. */
  begins(now: number): void {
    this.workingSince = now;
  }

  /** No worker has a job any more: none is left, or those that are left wait. */
  rests(now: number): void {
    this.workedSeconds += now - this.workingSince;
    this.workingSince = NaN;
  }

  /** No job is live any more. */
  idle(): void {
    if (this.workedSeconds >= busySecondsMin) this.last = this.busyTime(this.workedSeconds, false);
    this.isBusy = false;
  }

  /**
   * Sets the speeds of now. The imagined line never holds more than what is really there: where the speeds are learned
   * too low, it would otherwise grow for ever.
   */
  setSpeeds(speeds: readonly FleetSpeed[], kinds: ReadonlyMap<number, KindState>, liveJobs: number): void {
    let slowest = 0;
    for (const speed of speeds) {
      const { kind, unitsPerSecond, secondsPerUnitMin, roundTripSecondsMin } = speed;
      const state = kinds.get(kind);
      if (state === undefined || !(unitsPerSecond > 0)) continue;
      state.fleetSecondsPerUnit = 1 / unitsPerSecond;
      state.fleetFixedSeconds = speed.fixedSeconds;
      state.floorSecondsPerUnit = secondsPerUnitMin;
      state.floorSeconds = roundTripSecondsMin + speed.fixedSecondsMin;
      this.roundTrip = roundTripSecondsMin;
      if (state.counters.submitted === 0) continue;
      const units = state.unitsSubmitted / state.counters.submitted;
      const jobSeconds = state.fleetFixedSeconds + units * state.fleetSecondsPerUnit;
      if (jobSeconds > slowest) slowest = jobSeconds;
    }
    this.lineSeconds = Math.min(this.lineSeconds, liveJobs * slowest);
  }

  /** The busy time that runs, when it is long enough to say something, or else the last one; null before the first. */
  busy(now: number): BusyTime | null {
    const seconds = this.workedSeconds + (Number.isNaN(this.workingSince) ? 0 : now - this.workingSince);
    return this.isBusy && seconds >= busySecondsMin ? this.busyTime(seconds, true) : this.last;
  }

  /** Speeds that are learned too low would give a bound above what was reached, which it then is not. */
  private busyTime(seconds: number, running: boolean): BusyTime {
    return { seconds, boundSeconds: Math.min(seconds, this.busyWork + this.roundTrip), running };
  }
}
