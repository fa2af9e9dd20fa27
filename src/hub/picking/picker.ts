import { KindCosts } from './kind-costs.js';
import { pickingDefaults, type PickingOptions } from './options.js';
import { RoundTrips } from './round-trips.js';
import { seededRandom } from './seeded-random.js';
import { flag, WorkerColumns } from './worker-columns.js';

/** `pick` found no worker that may take the job now: keep it at the hub. */
export const WAIT = -1;

/** As `avoid`: avoid nobody. */
export const NOBODY = -1;

/** Kind numbers index an array, so they are bounded. */
export const kindNumberMax = 1023;

/** A kind that a joining worker offers; `secondsPerUnit` as it measured itself, 0 if it did not. */
export interface KindOffered {
  readonly kind: number;
  readonly secondsPerUnit: number;
}

export interface Joining {
  /** Jobs at a time. */
  readonly slots: number;
  readonly kinds: readonly KindOffered[];
  /** Round trip measured while attaching, if any. */
  readonly roundTripSeconds?: number;
}

/** What a heartbeat says. */
export interface WorkerReport {
  readonly slots: number;
  readonly queued: number;
  readonly draining: boolean;
  readonly backlogElsewhereSeconds: number;
}

/** What the picker knows of one worker, for people and for metrics. */
export interface WorkerPicture {
  readonly outstanding: number;
  readonly slots: number;
  readonly backlogSeconds: number;
  readonly windowSeconds: number;
  readonly roundTripSeconds: number;
  readonly elsewhereSeconds: number;
  readonly kinds: readonly { kind: number; secondsPerUnit: number; results: number }[];
}

/** Scores closer than this are ties; they are compared on this grid so that "tie" is transitive. */
const ticksPerSecond = 1e9;

/** Seconds added to the score per second of silence. */
const silenceFactor = 4;

/** Share of the newest report in the smoothed backlog of other hubs. */
const elsewhereShare = 0.5;

/** Share of the newest measurement in the slots that a worker shows to have, and of the way back to the declared. */
const slotsShare = 0.5;
const slotsRecovery = 0.1;

/** Busy slots are measured over at least this long: shorter intervals see single batches. */
const slotsMeasureSeconds = 0.2;

/**
 * Decides which worker runs a job: the one that is expected to finish it first among those whose window has room
 * (expected completion time with a window in seconds). Pure: the clock is passed in, in seconds from any origin, and
 * must not go backwards. Nothing is allocated by pick, dispatched and ended.
 *
 * A hub does, for each job, `pick`; unless the answer is WAIT, `dispatched`; and exactly one `ended` for each
 * `dispatched`, unless the worker was removed meanwhile. A hub whose jobs wait asks again after `ended`, `addWorker`,
 * `report`, `resume` and `unreserve`, for only these can make a worker eligible: time alone does not, so no timer is
 * needed. `canTake(worker, kind)` tells cheaply if the one worker that changed can take a waiting job.
 */
export class Picker {
  private readonly options: PickingOptions;
  private readonly columns = new WorkerColumns();
  private readonly roundTrips: RoundTrips;
  private readonly kinds: KindCosts[] = [];
  private readonly kindByNumber: (KindCosts | undefined)[] = [];
  private readonly random: () => number;
  private picks = 0;

  constructor(options: Partial<PickingOptions> = {}) {
    this.options = { ...pickingDefaults, ...options };
    this.roundTrips = new RoundTrips(this.columns.capacity, this.options.roundTripMemorySeconds);
    this.random = seededRandom(this.options.seed);
  }

  /** A worker joined. Returns its index, which is used again some time after `removeWorker`. */
  addWorker(joining: Joining, now: number): number {
    const columns = this.columns;
    const worker = columns.take();
    if (columns.capacity > this.roundTrips.least.length) {
      this.roundTrips.grow(columns.capacity);
      for (const kind of this.kinds) kind.grow(columns.capacity);
    }
    columns.slotsDeclared[worker] = columns.slots[worker] = Math.max(1, joining.slots);
    columns.reportedAt[worker] = columns.progressAt[worker] = now;
    columns.usedAt[worker] = -1 - this.random();
    this.roundTrips.start(worker, joining.roundTripSeconds ?? this.options.roundTripSecondsUnknown, now);
    for (const { kind, secondsPerUnit } of joining.kinds) {
      this.kindColumns(kind).offer(worker, secondsPerUnit > 0 && secondsPerUnit < Infinity ? secondsPerUnit : 0);
    }
    this.assumeCosts(worker, now);
    this.refresh(worker);
    return worker;
  }

  /** The worker is gone; what it had outstanding is forgotten, and nothing more may be reported of it. */
  removeWorker(worker: number): void {
    for (const kind of this.kinds) kind.remove(worker);
    this.columns.release(worker);
  }

  /** A heartbeat. Load is counted here, not taken from reports: reports are old, and hubs that follow them herd. */
  report(worker: number, report: WorkerReport, now: number): void {
    const columns = this.columns;
    this.setFlag(worker, flag.draining, report.draining);
    const declared = Math.max(1, report.slots);
    if (declared !== columns.slotsDeclared[worker]) columns.slots[worker] = columns.slotsDeclared[worker] = declared;
    this.measureSlots(worker, report, now);
    const elsewhere = Math.max(0, report.backlogElsewhereSeconds);
    columns.elsewhere[worker] += elsewhereShare * (elsewhere - columns.elsewhere[worker]);
    columns.reportedAt[worker] = now;
    this.assumeCosts(worker, now);
    this.refresh(worker);
  }

  /** No new jobs for this worker (its heartbeats are overdue) until `resume`. */
  suspend(worker: number): void {
    this.setFlag(worker, flag.suspended, true);
  }

  resume(worker: number): void {
    this.setFlag(worker, flag.suspended, false);
  }

  /**
   * The index of the worker that should run the job, or WAIT. `units` is 1 for an ordinary job and the bytes of a
   * chunk. `avoid` is a worker that must not get it (it failed there), or NOBODY.
   */
  pick(kind: number, units: number, now: number, avoid: number = NOBODY): number {
    const costs = this.kindByNumber[kind];
    if (costs === undefined || costs.workers === 0) return WAIT;
    return this.scan(costs, units, now, avoid);
  }

  /** The job was given to the worker. */
  dispatched(worker: number, kind: number, units: number, now: number): void {
    const costs = this.kindOf(kind);
    const columns = this.columns;
    if (columns.outstanding[worker]++ === 0) columns.progressAt[worker] = now;
    costs.outstandingJobs[worker]++;
    costs.outstandingUnits[worker] += units;
    columns.usedAt[worker] = ++this.picks;
    this.refresh(worker);
  }

  /**
   * A job given to the worker is no longer there. `execSeconds` is NaN when it did not run to its end; `heldSeconds`
   * (in the worker, queue included) and `replySeconds` (from `dispatched` to now) are NaN when unknown.
   */
  ended(
    worker: number,
    kind: number,
    units: number,
    execSeconds: number,
    heldSeconds: number,
    replySeconds: number,
    now: number,
  ): void {
    const costs = this.kindOf(kind);
    const columns = this.columns;
    columns.outstanding[worker]--;
    columns.progressAt[worker] = now;
    costs.outstandingJobs[worker]--;
    costs.outstandingUnits[worker] -= units;
    if (execSeconds >= 0 && execSeconds < Infinity && units > 0) {
      costs.learn(worker, Math.max(execSeconds, 1e-9), units, now);
      columns.executed[worker] += execSeconds;
      const roundTrip = replySeconds - heldSeconds;
      if (roundTrip === roundTrip) this.roundTrips.learn(worker, roundTrip, now);
    }
    this.refresh(worker);
  }

  /** Whether this worker may take a job of this kind now. */
  canTake(worker: number, kind: number): boolean {
    const costs = this.kindByNumber[kind];
    return costs !== undefined && this.eligible(worker, costs);
  }

  /** Whether any worker may take a job of this kind now: whether `pick` would not answer WAIT. */
  anyEligible(kind: number): boolean {
    const costs = this.kindByNumber[kind];
    if (costs === undefined || costs.workers === 0) return false;
    for (let worker = 0; worker < this.columns.length; worker++) if (this.eligible(worker, costs)) return true;
    return false;
  }

  /** Workers that offer the kind, whether or not they may take a job now. With 0, waiting is in vain until one joins. */
  workersOffering(kind: number): number {
    return this.kindByNumber[kind]?.workers ?? 0;
  }

  /** Jobs outstanding on the worker. */
  outstanding(worker: number): number {
    return this.columns.outstanding[worker];
  }

  /**
   * For a job that must run alone: chooses the worker that will soonest have nothing outstanding and reserves it, so
   * that it gets nothing else. The hub gives it the job once `outstanding(worker)` is 0 and calls `unreserve` when that
   * job ended. WAIT when no worker may be reserved. Another hub's jobs may still be on it.
   */
  reserve(kind: number, now: number, avoid: number = NOBODY): number {
    const costs = this.kindByNumber[kind];
    if (costs === undefined) return WAIT;
    let best = WAIT;
    let bestSeconds = Infinity;
    for (let worker = 0; worker < this.columns.length; worker++) {
      if (worker === avoid || this.columns.flags[worker] !== flag.present || costs.offered[worker] === 0) continue;
      const seconds = this.waitSeconds(worker, now);
      if (seconds < bestSeconds) {
        best = worker;
        bestSeconds = seconds;
      }
    }
    if (best !== WAIT) this.setFlag(best, flag.reserved, true);
    return best;
  }

  unreserve(worker: number): void {
    this.setFlag(worker, flag.reserved, false);
  }

  /** Expected seconds until a job given to the worker now would be answered. */
  expectedSeconds(worker: number, kind: number, units: number, now: number): number {
    return this.waitSeconds(worker, now) + this.jobSeconds(this.kindOf(kind), worker, units);
  }

  /**
   * Seconds for which a worker with jobs outstanding has answered nothing beyond what its longest job takes; not above
   * 0 when there is nothing to wonder about. When a hub has nothing waiting, the jobs of a worker that is silent for
   * longer than a few milliseconds may be given to another worker too, if running them twice does no harm: a worker
   * that stands still for a whole period of its CPU quota would otherwise hold up the end of every batch.
   */
  silenceSeconds(worker: number, now: number): number {
    const columns = this.columns;
    if (columns.outstanding[worker] === 0) return 0;
    const expected = columns.longest[worker] + this.roundTrips.least[worker] + this.options.silenceGraceSeconds;
    return now - columns.progressAt[worker] - expected;
  }

  picture(worker: number): WorkerPicture {
    const columns = this.columns;
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
          secondsPerUnit: costs.expected[worker],
          results: costs.results[worker],
        })),
    };
  }

  private kindColumns(kind: number): KindCosts {
    if (!Number.isInteger(kind) || kind < 0 || kind > kindNumberMax)
      throw new RangeError(`job kind ${kind} is not an integer from 0 to kindNumberMax ${kindNumberMax}`);
    let costs = this.kindByNumber[kind];
    if (costs === undefined) {
      costs = new KindCosts(kind, this.columns.capacity, this.options.stallMemorySeconds);
      this.kindByNumber[kind] = costs;
      this.kinds.push(costs);
    }
    return costs;
  }

  private kindOf(kind: number): KindCosts {
    const costs = this.kindByNumber[kind];
    if (costs === undefined) throw new RangeError(`no worker ever offered job kind ${kind}`);
    return costs;
  }

  private setFlag(worker: number, bit: number, on: boolean): void {
    if (on) this.columns.flags[worker] |= bit;
    else this.columns.flags[worker] &= ~bit;
  }

  private jobSeconds(costs: KindCosts, worker: number, units: number): number {
    const seconds = units * costs.expected[worker];
    return seconds > this.options.jobSecondsMin ? seconds : this.options.jobSecondsMin;
  }

  /** Round trip, queue and silence: everything of the score but the job itself. */
  private waitSeconds(worker: number, now: number): number {
    const columns = this.columns;
    const wait =
      this.roundTrips.least[worker] + (columns.backlog[worker] + columns.elsewhere[worker]) / columns.slots[worker];
    const silence = this.silenceSeconds(worker, now);
    return silence > 0 ? wait + silenceFactor * silence : wait;
  }

  private eligible(worker: number, costs: KindCosts): boolean {
    const columns = this.columns;
    if (columns.flags[worker] !== flag.present || costs.offered[worker] === 0) return false;
    const outstanding = columns.outstanding[worker];
    if (outstanding >= this.options.jobsOutstandingMax) return false;
    const slots = columns.slots[worker];
    const results = costs.results[worker];
    if (results < this.options.slowStartResults && costs.outstandingJobs[worker] >= slots + results) return false;
    return outstanding < slots || columns.running[worker] < columns.window[worker];
  }

  private scan(costs: KindCosts, units: number, now: number, avoid: number): number {
    let best = WAIT;
    let bestTicks = Infinity;
    for (let worker = 0; worker < this.columns.length; worker++) {
      if (worker === avoid || !this.eligible(worker, costs)) continue;
      const seconds = this.waitSeconds(worker, now) + this.jobSeconds(costs, worker, units);
      const ticks = Math.floor(seconds * ticksPerSecond);
      if (ticks < bestTicks || (ticks === bestTicks && this.beats(worker, best, costs))) {
        best = worker;
        bestTicks = ticks;
      }
    }
    return best;
  }

  /** Whether the first of two workers with equal scores is taken: the faster, then the emptier, then the longer unused. */
  private beats(worker: number, other: number, costs: KindCosts): boolean {
    const columns = this.columns;
    const cost = costs.expected[worker] - costs.expected[other];
    if (cost !== 0) return cost < 0;
    const fill =
      columns.outstanding[worker] / columns.slots[worker] - columns.outstanding[other] / columns.slots[other];
    if (fill !== 0) return fill < 0;
    return columns.usedAt[worker] < columns.usedAt[other];
  }

  /** Recomputes what follows from the outstanding jobs and their costs; called at every change of either. */
  private refresh(worker: number): void {
    const columns = this.columns;
    const least = this.options.jobSecondsMin;
    let backlog = 0;
    let running = 0;
    let longest = 0;
    let slowest = 0;
    for (let index = 0; index < this.kinds.length; index++) {
      const costs = this.kinds[index];
      if (costs.offered[worker] === 0) continue;
      if (costs.expected[worker] > slowest) slowest = costs.expected[worker];
      const jobs = costs.outstandingJobs[worker];
      if (jobs === 0) continue;
      const units = costs.outstandingUnits[worker];
      const expected = Math.max(units * costs.expected[worker], jobs * least);
      backlog += expected;
      running += Math.max(units * costs.usual[worker], jobs * least);
      if (expected > longest * jobs) longest = expected / jobs;
    }
    columns.backlog[worker] = backlog;
    columns.running[worker] = running;
    columns.longest[worker] = longest;
    const roundTrip = this.roundTrips.least[worker];
    const slack = Math.max(roundTrip, longest, slowest, this.options.windowFloorSeconds);
    const window = columns.slots[worker] * (roundTrip + Math.min(slack, this.options.windowSlackSecondsMax));
    // Half of the window stays open whatever other hubs are said to have there: their reports are a heartbeat old, and
    // two hubs that each left the worker to the other would both wait.
    columns.window[worker] = window - Math.min(columns.elsewhere[worker], window / 2);
  }

  /**
   * Gives a cost to the kinds of the worker that have no result yet: its calibration, corrected by what its kinds with
   * results turned out to cost beside theirs; without calibration, the fleet's mean in proportion to another kind.
   */
  private assumeCosts(worker: number, now: number): void {
    const length = this.columns.length;
    for (const costs of this.kinds) {
      if (costs.offered[worker] === 0 || costs.results[worker] > 0) continue;
      let assumed = 0;
      for (const other of this.kinds) {
        if (other === costs || other.offered[worker] === 0) continue;
        const known = other.results[worker] > 0;
        if (!known && (costs.calibrated[worker] > 0 || other.calibrated[worker] === 0)) continue;
        const ratio =
          costs.calibrated[worker] > 0 && other.calibrated[worker] > 0
            ? costs.calibrated[worker] / other.calibrated[worker]
            : costs.fleetMean(length) / other.fleetMean(length);
        const cost = known ? other.expected[worker] : other.calibrated[worker];
        if (ratio > 0 && ratio < Infinity) assumed = cost * ratio;
        if (known) break;
      }
      if (assumed === 0)
        assumed = costs.calibrated[worker] || costs.fleetMean(length) || this.options.jobSecondsUnknown;
      costs.assume(worker, assumed, now);
    }
  }

  /**
   * While a worker says at two reports in a row that jobs queue there, all its slots should have been busy between
   * them; if fewer were (it declared more than it has), fewer are counted. Not measured while other hubs use it or
   * while its jobs last longer than the interval shows. Otherwise the count goes back to the declared, slowly.
   */
  private measureSlots(worker: number, report: WorkerReport, now: number): void {
    const columns = this.columns;
    const declared = columns.slotsDeclared[worker];
    const elapsed = now - columns.reportedAt[worker];
    const executed = columns.executed[worker];
    const measurable =
      report.queued > 0 &&
      columns.queuedBefore[worker] === 1 &&
      report.backlogElsewhereSeconds <= 0 &&
      elapsed >= slotsMeasureSeconds &&
      columns.longest[worker] * 10 < elapsed;
    columns.queuedBefore[worker] = report.queued > 0 ? 1 : 0;
    columns.executed[worker] = 0;
    const slots = columns.slots[worker];
    columns.slots[worker] = measurable
      ? slots + slotsShare * (Math.min(declared, Math.max(1, executed / elapsed)) - slots)
      : slots + slotsRecovery * (declared - slots);
  }
}
