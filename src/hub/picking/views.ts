import type { KindCosts } from './kind-costs.js';
import type { RoundTrips } from './round-trips.js';
import type { Scores } from './scores.js';
import { flag, type WorkerColumns } from './worker-columns.js';

/** What the picker knows of one worker, for people and for metrics. */
export interface WorkerPicture {
  readonly outstanding: number;
  readonly slots: number;
  readonly backlogSeconds: number;
  readonly windowSeconds: number;
  readonly roundTripSeconds: number;
  readonly elsewhereSeconds: number;
  readonly kinds: readonly {
    kind: number;
    /** Of one slot: a job takes `fixedSeconds + units * secondsPerUnit`. */
    fixedSeconds: number;
    secondsPerUnit: number;
    results: number;
  }[];
}

/** What speaks for one worker at a moment; filled in place, so that looking at many allocates nothing. */
export interface WorkerLook {
  /** Until a job given to it now would be answered. */
  finishSeconds: number;
  /** Of the job alone: `fixedSeconds + units * secondsPerUnit`. */
  costSeconds: number;
  fixedSeconds: number;
  secondsPerUnit: number;
  backlogSeconds: number;
  windowSeconds: number;
  outstanding: number;
  slots: number;
  /** Whether it may be given the job: there, not draining, and its window open. */
  room: boolean;
}

/** What all workers together can do of one kind. */
export interface FleetSpeed {
  readonly kind: number;
  /** Units a second with every slot at work; 0 when no worker takes the kind now. */
  readonly unitsPerSecond: number;
  /** Seconds of all workers together for what of a job is not in its units; 0 where jobs have no size. */
  readonly fixedSeconds: number;
  /** Of the fastest slot, and the round trip to the nearest worker; Infinity when there is none. */
  readonly secondsPerUnitMin: number;
  readonly fixedSecondsMin: number;
  readonly roundTripSecondsMin: number;
}

/** Reads out what the picker knows, and decides nothing. The picker's sums are up to date when it is asked. */
export class Views {
  constructor(
    private readonly columns: WorkerColumns,
    private readonly roundTrips: RoundTrips,
    private readonly scores: Scores,
    private readonly kinds: readonly KindCosts[],
  ) {}

  picture(worker: number): WorkerPicture {
    const { columns } = this;
    return {
      outstanding: columns.outstanding[worker],
      slots: columns.slots[worker],
      backlogSeconds: columns.backlog[worker],
      windowSeconds: columns.window[worker],
      roundTripSeconds: this.roundTrips.least[worker],
      elsewhereSeconds: columns.elsewhere[worker],
      kinds: this.kinds
        .filter((costs) => costs.offered[worker] === 1)
        .map((costs) => ({
          kind: costs.kind,
          fixedSeconds: costs.fixedExpected[worker],
          secondsPerUnit: costs.expected[worker],
          results: costs.results[worker],
        })),
    };
  }

  look(worker: number, costs: KindCosts, units: number, now: number, into: WorkerLook): void {
    const { columns, scores } = this;
    into.costSeconds = scores.jobSeconds(worker, costs, units);
    into.fixedSeconds = costs.fixedExpected[worker];
    into.secondsPerUnit = costs.expected[worker];
    into.finishSeconds = scores.waitSeconds(worker, now) + into.costSeconds;
    into.backlogSeconds = columns.backlog[worker];
    into.windowSeconds = columns.window[worker];
    into.outstanding = columns.outstanding[worker];
    into.slots = columns.slots[worker];
    into.room = scores.eligible(worker, costs);
  }

  fleetSpeeds(): FleetSpeed[] {
    const { columns } = this;
    return this.kinds.map((costs) => {
      let unitsPerSecond = 0;
      let fixedPerSecond = 0;
      let secondsPerUnitMin = Infinity;
      let fixedSecondsMin = Infinity;
      let roundTripSecondsMin = Infinity;
      for (let worker = 0; worker < columns.length; worker++) {
        if (columns.flags[worker] !== flag.present || costs.offered[worker] === 0) continue;
        unitsPerSecond += columns.slots[worker] / costs.expected[worker];
        fixedPerSecond += columns.slots[worker] / costs.fixedExpected[worker];
        secondsPerUnitMin = Math.min(secondsPerUnitMin, costs.expected[worker]);
        fixedSecondsMin = Math.min(fixedSecondsMin, costs.fixedExpected[worker]);
        roundTripSecondsMin = Math.min(roundTripSecondsMin, this.roundTrips.least[worker]);
      }
      const fixedSeconds = fixedPerSecond > 0 ? 1 / fixedPerSecond : 0;
      const { kind } = costs;
      return { kind, unitsPerSecond, fixedSeconds, secondsPerUnitMin, fixedSecondsMin, roundTripSecondsMin };
    });
  }
}
