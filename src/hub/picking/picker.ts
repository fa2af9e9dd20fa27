import { kindIndexMax } from '../../kinds/kind.js';
import { assumeCosts } from './assumed-costs.js';
import { measureBusySlots } from './busy-slots.js';
import { Holding } from './holding.js';
import { KindCosts } from './kind-costs.js';
import { pickingDefaults, type PickingOptions } from './options.js';
import { Ranking } from './ranking.js';
import type { Joining, WorkerReport } from './reports.js';
import { RoundTrips } from './round-trips.js';
import { Scores } from './scores.js';
import { seededRandom } from './seeded-random.js';
import { Views, type FleetSpeed, type WorkerLook, type WorkerPicture } from './views.js';
import { flag, WorkerColumns } from './worker-columns.js';

/** `pick` found no worker that may take the job now: keep it at the hub. */
export const WAIT = -1;

/** `pickOrHold` found a worker with room, and a busy one that will have the job done sooner: keep it for that one. */
export const HOLD = -2;

/** As `avoid`: avoid nobody. */
export const NOBODY = -1;

export type { Joining, KindOffered, WorkerReport } from './reports.js';

/** Share of the newest report in the smoothed backlog of other hubs. */
const elsewhereShare = 0.5;

/**
 * Decides which worker runs a job: the one that is expected to finish it first among those whose window has room
 * (expected completion time with a window in seconds). Pure: the clock is passed in, in seconds from any origin, and
 * must not go backwards. Nothing is allocated by pick, dispatched and ended.
 *
 * A hub does, for each job, `pick`; unless the answer is WAIT, `dispatched`; and exactly one `ended` for each
 * `dispatched`, unless the worker was removed meanwhile. A hub whose jobs wait asks again after `ended`, `addWorker`,
 * `report`, `resume` and `unreserve`, for only these can make a worker eligible: time alone does not, so no timer is
 * needed. It is enough to ask once after a batch of results. `canTake(worker, kind)` tells if the one worker that
 * changed can take a waiting job. A kind whose workers are full should not hold up another: one queue per kind.
 *
 * A hub where nothing waits looks every few milliseconds at `silenceSeconds` of the workers that have jobs, and gives
 * those of a silent one to another as well; see there.
 */
export class Picker {
  private readonly options: PickingOptions;
  private readonly columns = new WorkerColumns();
  private readonly roundTrips: RoundTrips;
  private readonly scores: Scores;
  /** What is held for busy workers. */
  readonly holding: Holding;
  private readonly views: Views;
  private readonly kinds: KindCosts[] = [];
  private readonly kindByNumber: (KindCosts | undefined)[] = [];
  private readonly rankingByNumber: (Ranking | undefined)[] = [];
  private readonly rankings: Ranking[] = [];
  private readonly random: () => number;
  private picks = 0;
  /**
   * The worker whose sums are out of date, or NOBODY. They are computed anew when they are next read, so that a batch
   * of results from one worker costs this once.
   */
  private outdated = NOBODY;

  constructor(options: Partial<PickingOptions> = {}) {
    this.options = { ...pickingDefaults, ...options };
    this.roundTrips = new RoundTrips(this.columns.capacity, this.options.roundTripMemorySeconds);
    this.scores = new Scores(this.options, this.columns, this.roundTrips);
    this.holding = new Holding(this.columns, this.scores);
    this.views = new Views(this.columns, this.roundTrips, this.scores, this.kinds);
    this.random = seededRandom(this.options.seed);
  }

  /** A worker joined. Returns its index, which is used again some time after `removeWorker`. */
  addWorker(joining: Joining, now: number): number {
    const columns = this.columns;
    const worker = columns.take();
    if (columns.capacity > this.roundTrips.least.length) {
      this.roundTrips.grow(columns.capacity);
      for (const kind of this.kinds) kind.grow(columns.capacity);
      for (const ranking of this.rankings) ranking.grow(columns.capacity);
    }
    columns.slotsDeclared[worker] = columns.slots[worker] = Math.max(1, joining.slots);
    columns.reportedAt[worker] = columns.progressAt[worker] = now;
    columns.usedAt[worker] = -1 - this.random();
    this.roundTrips.start(worker, joining.roundTripSeconds ?? this.options.roundTripSecondsUnknown, now);
    for (const { kind, secondsPerUnit, sized = false } of joining.kinds) {
      const calibrated = secondsPerUnit > 0 && secondsPerUnit < Infinity ? secondsPerUnit : 0;
      this.kindColumns(kind).offer(worker, calibrated, sized);
    }
    assumeCosts(this.kinds, worker, columns.length, this.options.jobSecondsUnknown, now);
    this.changed(worker);
    return worker;
  }

  /** The worker is gone; what it had outstanding is forgotten, and nothing more may be reported of it. */
  removeWorker(worker: number): void {
    for (const kind of this.kinds) kind.remove(worker);
    this.columns.release(worker);
    this.changed(worker);
    if (this.columns.count < this.options.heapWorkersMin) this.rankings.length = this.rankingByNumber.length = 0;
  }

  /** A heartbeat. Load is counted here, not taken from reports: reports are old, and hubs that follow them herd. */
  report(worker: number, report: WorkerReport, now: number): void {
    const columns = this.columns;
    const declared = Math.max(1, report.slots);
    if (declared !== columns.slotsDeclared[worker]) columns.slots[worker] = columns.slotsDeclared[worker] = declared;
    measureBusySlots(columns, worker, report.queued, report.backlogElsewhereSeconds, now);
    const elsewhere = Math.max(0, report.backlogElsewhereSeconds);
    columns.elsewhere[worker] += elsewhereShare * (elsewhere - columns.elsewhere[worker]);
    columns.reportedAt[worker] = now;
    assumeCosts(this.kinds, worker, columns.length, this.options.jobSecondsUnknown, now);
    this.setFlag(worker, flag.draining, report.draining);
  }

  /**
   * Widens windows: the slack of a slot that is at work all the time is so many seconds, if that is more than usual,
   * and less in proportion for one that is not. A worker's window follows with its next job or result, so this costs
   * nothing however many there are.
   */
  widenWindows(seconds: number): void {
    this.scores.wideSeconds = seconds;
  }

  /** No new jobs for this worker (its heartbeats are overdue) until `resume`. */
  suspend(worker: number): void {
    this.setFlag(worker, flag.suspended, true);
  }

  resume(worker: number): void {
    this.setFlag(worker, flag.suspended, false);
  }

  /**
   * The index of the worker that should run the job, or WAIT. `units` is 1 for an ordinary job, the bytes of a chunk,
   * or the size of a job of a kind that has sizes. `avoid` is a worker that must not get it (it failed there), or
   * NOBODY.
   */
  pick(kind: number, units: number, now: number, avoid: number = NOBODY): number {
    const costs = this.kindByNumber[kind];
    if (costs === undefined || costs.workers === 0) return WAIT;
    this.update();
    // Jobs of many units have no common order of workers; they last so long that looking at all costs nothing.
    const ordinary = units === 1 && !costs.sized;
    if (!ordinary || this.columns.count < this.options.heapWorkersMin) return this.scan(costs, units, now, avoid);
    return this.ranking(costs).first(now, avoid, WAIT);
  }

  /**
   * As `pick`, for a job that may wait here. HOLD: of a kind with sizes, a worker whose window is full will have the
   * job done sooner than any with room, though it first does what it has and what is held for it (see `holding`). So a
   * large job does not begin on a slow worker, which smaller ones may use meanwhile, when a fast one is soon free.
   */
  pickOrHold(kind: number, units: number, now: number): number {
    const best = this.pick(kind, units, now);
    const costs = this.kindByNumber[kind];
    if (best === WAIT || costs === undefined || !costs.sized) return best;
    return this.holding.holds(best, costs, units, now) ? HOLD : best;
  }

  /** The job was given to the worker. */
  dispatched(worker: number, kind: number, units: number, now: number): void {
    const costs = this.kindOf(kind);
    const columns = this.columns;
    if (columns.outstanding[worker]++ === 0) {
      columns.progressAt[worker] = now;
      columns.work(worker, 0, this.options.workMemorySeconds, now);
    }
    costs.outstandingJobs[worker]++;
    costs.outstandingUnits[worker] += units;
    if (costs.sized) costs.given(worker, units);
    columns.usedAt[worker] = ++this.picks;
    this.outdate(worker);
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
    if (costs.sized) costs.left(worker);
    if (execSeconds >= 0 && execSeconds < Infinity && (units > 0 || costs.sized)) {
      costs.learn(worker, Math.max(execSeconds, 1e-9), units, now);
      columns.executed[worker] += execSeconds;
      columns.executedJobs[worker]++;
      const usual = costs.sized ? costs.usualSeconds(worker, units) : costs.usual[worker] * units;
      columns.work(worker, usual, this.options.workMemorySeconds, now);
      const roundTrip = replySeconds - heldSeconds;
      if (!Number.isNaN(roundTrip)) this.roundTrips.learn(worker, roundTrip, now);
    }
    this.outdate(worker);
  }

  /** Whether this worker may take a job of this kind now. */
  canTake(worker: number, kind: number): boolean {
    const costs = this.kindByNumber[kind];
    this.update();
    return costs !== undefined && this.scores.eligible(worker, costs);
  }

  /** Whether any worker may take a job of this kind now: whether `pick` would not answer WAIT. */
  anyEligible(kind: number): boolean {
    const costs = this.kindByNumber[kind];
    if (costs === undefined || costs.workers === 0) return false;
    this.update();
    if (this.columns.count >= this.options.heapWorkersMin) return !this.ranking(costs).empty;
    for (let worker = 0; worker < this.columns.length; worker++) if (this.scores.eligible(worker, costs)) return true;
    return false;
  }

  /**
   * Workers that offer the kind, whether or not they may take a job now. With 0, waiting is in vain until one joins.
   */
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
    this.update();
    let best = WAIT;
    let bestSeconds = Infinity;
    for (let worker = 0; worker < this.columns.length; worker++) {
      if (worker === avoid || this.columns.flags[worker] !== flag.present || costs.offered[worker] === 0) continue;
      const seconds = this.scores.waitSeconds(worker, now);
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
    this.update();
    return this.scores.waitSeconds(worker, now) + this.scores.jobSeconds(worker, this.kindOf(kind), units);
  }

  /** Whether jobs of the kind have a size. */
  sized(kind: number): boolean {
    return this.kindByNumber[kind]?.sized === true;
  }

  /** Seconds of one slot for a unit of the kind on the worker, as learned. */
  secondsPerUnit(worker: number, kind: number): number {
    return this.kindOf(kind).expected[worker];
  }

  /** Expected seconds of one slot for the job on the worker. */
  jobSeconds(worker: number, kind: number, units: number): number {
    return this.scores.jobSeconds(worker, this.kindOf(kind), units);
  }

  /**
   * Seconds for which a worker with jobs outstanding has answered nothing beyond what its longest job takes; not above
   * 0 when there is nothing to wonder about. When a hub has nothing waiting, the jobs of a worker that is silent for
   * longer than a few milliseconds should be given to another worker too (`pick` with this one as `avoid`), up to three
   * times and if running them twice does no harm. A worker that stands still for the rest of a period of its CPU quota
   * otherwise holds up the end of every batch, and every connection whose answers come in order: in simulation
   * (bench/policy, 1, 1/2, 1/4 and 1/10 of a core, 1,024 jobs in flight on a connection) 2.3 times the ideal time
   * instead of 1.0.
   */
  silenceSeconds(worker: number, now: number): number {
    this.update();
    return this.scores.silenceSeconds(worker, now);
  }

  picture(worker: number): WorkerPicture {
    this.update();
    return this.views.picture(worker);
  }

  /** Fills `into` with what would decide about a job now. False, and nothing filled, where the kind is not offered. */
  lookAt(worker: number, kind: number, units: number, now: number, into: WorkerLook): boolean {
    const costs = this.kindByNumber[kind];
    if (costs === undefined || costs.offered[worker] === 0) return false;
    this.update();
    this.views.look(worker, costs, units, now, into);
    return true;
  }

  /** What the workers that take jobs now could do of each kind together, if they did nothing else. */
  fleetSpeeds(): FleetSpeed[] {
    return this.views.fleetSpeeds();
  }

  private kindColumns(kind: number): KindCosts {
    if (!Number.isInteger(kind) || kind < 0 || kind > kindIndexMax)
      throw new RangeError(`job kind ${kind} is not an integer from 0 to kindIndexMax ${kindIndexMax}`);
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

  private ranking(costs: KindCosts): Ranking {
    let ranking = this.rankingByNumber[costs.kind];
    if (ranking === undefined) {
      ranking = new Ranking(costs, this.columns, this.scores);
      this.rankingByNumber[costs.kind] = ranking;
      this.rankings.push(ranking);
    }
    return ranking;
  }

  private setFlag(worker: number, bit: number, on: boolean): void {
    if (on) this.columns.flags[worker] |= bit;
    else this.columns.flags[worker] &= ~bit;
    this.changed(worker);
  }

  /** Something about the worker changed: its sums are computed anew and its places in the heaps are out of date. */
  private changed(worker: number): void {
    this.outdate(worker);
    this.update();
  }

  private outdate(worker: number): void {
    if (worker === this.outdated) return;
    this.update();
    this.outdated = worker;
    for (let index = 0; index < this.rankings.length; index++) this.rankings[index].touch(worker);
  }

  private update(): void {
    if (this.outdated === NOBODY) return;
    this.scores.refresh(this.outdated, this.kinds);
    this.outdated = NOBODY;
  }

  private scan(costs: KindCosts, units: number, now: number, avoid: number): number {
    let best = WAIT;
    let bestTicks = Infinity;
    for (let worker = 0; worker < this.columns.length; worker++) {
      if (worker === avoid || !this.scores.eligible(worker, costs)) continue;
      const ticks = this.scores.ticks(worker, costs, units, now);
      if (ticks < bestTicks || (ticks === bestTicks && this.beats(worker, best, costs, units))) {
        best = worker;
        bestTicks = ticks;
      }
    }
    return best;
  }

  /**
   * Whether the first of two workers with equal scores is taken: the faster, then the emptier, then the longer unused.
   */
  private beats(worker: number, other: number, costs: KindCosts, units: number): boolean {
    const columns = this.columns;
    const cost = costs.expectedSeconds(worker, units) - costs.expectedSeconds(other, units);
    if (cost !== 0) return cost < 0;
    const fill =
      columns.outstanding[worker] / columns.slots[worker] - columns.outstanding[other] / columns.slots[other];
    if (fill !== 0) return fill < 0;
    return columns.usedAt[worker] < columns.usedAt[other];
  }
}
