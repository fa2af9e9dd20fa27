import { CostLines, partShareMin } from '../../common/cost-lines.js';
import { grownBytes, grownFloats, grownInts } from '../../common/grown-columns.js';

/** An execution time counts at most this many times the usual one towards the usual one; the rest is a stall. */
const clipFactor = 4;

/** Least share of the newest result in the usual cost: about the last ten results are remembered. */
const shareMin = 0.1;

/** Units of ordinary results that the calibration weighs in the stall factor. */
const stallPriorJobs = 8;

/** Share of the newest job in the mean size of jobs. */
const typicalShareMin = 0.01;

/**
 * What one kind costs on each worker, in seconds of one slot, and how much of it is outstanding there. Columns are
 * indexed by worker.
 *
 * A job costs `fixed + units * usual`. Of a kind whose jobs have no size, and of chunks, `fixed` is 0 and `usual` the
 * mean of late. Of a kind whose jobs have a size both are learned: see CostLines.
 *
 * A cost is learned in two factors. `usual` follows the last ten or so results, so a worker that becomes four times
 * slower is known within a few jobs; an execution time counts in it at most four times the present value. What was cut
 * off is not lost: `stall` is (sum of seconds) / (sum of cut seconds) over about half a second, at least 1. The two are
 * apart for the sake of CPU quotas: a worker throttled to a tenth runs 10 ms at full speed and stands still for 90 ms,
 * so hundreds of jobs look fast and one takes 90 ms. A plain moving average of ten results would take that one for a
 * new speed, hold back jobs while the worker runs, and have forgotten it long before the next stop.
 * `usual` says how many jobs keep the worker busy while it runs (the window); `usual * stall` when a job will be done
 * (the score).
 */
export class KindCosts {
  /** 1 where the worker offers the kind. */
  offered: Uint8Array;
  /** Usual seconds of a unit. */
  usual: Float64Array;
  /** Usual seconds of a job beside its units; 0 where jobs have no size. */
  fixed: Float64Array;
  /** usual * stall. */
  expected: Float64Array;
  /** fixed * stall. */
  fixedExpected: Float64Array;
  /** As the worker measured itself when it joined; 0 is unknown. */
  calibrated: Float64Array;
  outstandingUnits: Float64Array;
  outstandingJobs: Int32Array;
  results: Float64Array;
  /** Units of the largest job that may be outstanding; kept only where jobs have a size. */
  largest: Float64Array;
  /** Workers that offer the kind. */
  workers = 0;
  /** Units of a usual job: 1 where jobs have no size. */
  typicalUnits = 1;
  /** Whether a job costs by its size, which the first worker that offers the kind decides for all. */
  sized = false;
  /** Null where jobs have no size. */
  private lines: CostLines | null = null;
  private jobsSeen = 0;
  private stalledSum: Float64Array;
  private cutSum: Float64Array;
  private stallAt: Float64Array;
  /** `usual` when the present batch of results began: results that come together are cut at the same bound. */
  private cutBase: Float64Array;
  private cutFixed: Float64Array;

  constructor(
    readonly kind: number,
    capacity: number,
    private readonly stallMemorySeconds: number,
  ) {
    this.offered = new Uint8Array(capacity);
    this.usual = new Float64Array(capacity);
    this.fixed = new Float64Array(capacity);
    this.expected = new Float64Array(capacity);
    this.fixedExpected = new Float64Array(capacity);
    this.largest = new Float64Array(capacity);
    this.calibrated = new Float64Array(capacity);
    this.outstandingUnits = new Float64Array(capacity);
    this.outstandingJobs = new Int32Array(capacity);
    this.results = new Float64Array(capacity);
    this.stalledSum = new Float64Array(capacity);
    this.cutSum = new Float64Array(capacity);
    this.stallAt = new Float64Array(capacity);
    this.cutBase = new Float64Array(capacity);
    this.cutFixed = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    this.offered = grownBytes(this.offered, capacity);
    this.usual = grownFloats(this.usual, capacity);
    this.fixed = grownFloats(this.fixed, capacity);
    this.expected = grownFloats(this.expected, capacity);
    this.fixedExpected = grownFloats(this.fixedExpected, capacity);
    this.largest = grownFloats(this.largest, capacity);
    this.calibrated = grownFloats(this.calibrated, capacity);
    this.outstandingUnits = grownFloats(this.outstandingUnits, capacity);
    this.outstandingJobs = grownInts(this.outstandingJobs, capacity);
    this.results = grownFloats(this.results, capacity);
    this.stalledSum = grownFloats(this.stalledSum, capacity);
    this.cutSum = grownFloats(this.cutSum, capacity);
    this.stallAt = grownFloats(this.stallAt, capacity);
    this.cutBase = grownFloats(this.cutBase, capacity);
    this.cutFixed = grownFloats(this.cutFixed, capacity);
    this.lines?.grow(capacity);
  }

  /**
   * The worker offers the kind.
   * @param calibratedSeconds of a unit; 0 when it did not measure itself, and of no account where jobs have a size
   */
  offer(worker: number, calibratedSeconds: number, sized: boolean): void {
    if (this.workers === 0 && sized !== this.sized) {
      this.sized = sized;
      this.lines = sized ? new CostLines(this.offered.length) : null;
      this.typicalUnits = sized ? 0 : 1;
      this.jobsSeen = 0;
    }
    this.offered[worker] = 1;
    this.workers++;
    this.calibrated[worker] = this.sized ? 0 : calibratedSeconds;
    this.largest[worker] = 0;
    this.results[worker] = 0;
    this.outstandingUnits[worker] = 0;
    this.outstandingJobs[worker] = 0;
  }

  /** Forgets the worker; a later worker with its index starts anew. */
  remove(worker: number): void {
    if (this.offered[worker] === 0) return;
    this.offered[worker] = 0;
    this.workers--;
  }

  /** Usual seconds of a job. */
  usualSeconds(worker: number, units: number): number {
    return this.fixed[worker] + units * this.usual[worker];
  }

  /** Expected seconds of a job, stalls included. */
  expectedSeconds(worker: number, units: number): number {
    return this.fixedExpected[worker] + units * this.expected[worker];
  }

  /** Expected seconds of a job of the usual size. */
  typicalSeconds(worker: number): number {
    return this.fixedExpected[worker] + this.typicalUnits * this.expected[worker];
  }

  /** A job of a kind with sizes was given to the worker. */
  given(worker: number, units: number): void {
    if (units > this.largest[worker]) this.largest[worker] = units;
    this.jobsSeen++;
    this.typicalUnits += Math.max(1 / this.jobsSeen, typicalShareMin) * (units - this.typicalUnits);
  }

  /** It left the worker: whichever is the largest now, it is none larger than all of them together. */
  left(worker: number): void {
    if (this.outstandingUnits[worker] < this.largest[worker]) this.largest[worker] = this.outstandingUnits[worker];
  }

  /**
   * Sets the cost that holds until the first result.
   * @param seconds of a job of the usual size
   * @param like a worker whose line has the proportions that this one is assumed to have, or -1: none is known
   */
  assume(worker: number, seconds: number, now: number, like = -1): void {
    this.fixed[worker] = 0;
    this.usual[worker] = seconds;
    if (this.lines !== null) this.assumeLine(this.lines, worker, seconds, like);
    this.fixedExpected[worker] = this.cutFixed[worker] = this.fixed[worker];
    this.expected[worker] = this.cutBase[worker] = this.usual[worker];
    this.stallAt[worker] = now;
    this.stalledSum[worker] = 0;
    this.cutSum[worker] = 0;
  }

  private assumeLine(lines: CostLines, worker: number, seconds: number, like: number): void {
    const of = like < 0 ? 0 : this.usualSeconds(like, this.typicalUnits);
    if (of > 0) lines.assume(worker, (lines.fixed[like] * seconds) / of, (lines.perUnit[like] * seconds) / of, false);
    else lines.assume(worker, seconds, 0, true);
    this.fixed[worker] = lines.fixed[worker];
    this.usual[worker] = lines.perUnit[worker];
  }

  /**
   * Learns from one result: `seconds` of one slot, above zero, for `units` units, above zero where jobs have no size.
   */
  learn(worker: number, seconds: number, units: number, now: number): void {
    if (this.lines !== null) return this.learnSized(this.lines, worker, seconds, units, now);
    const results = this.results[worker]++;
    const usualBefore = this.usual[worker];
    if (results === 0) {
      this.stalledSum[worker] = this.cutSum[worker] = stallPriorJobs * usualBefore * units;
      this.cutBase[worker] = usualBefore;
      this.stallAt[worker] = now;
    } else if (now !== this.stallAt[worker]) {
      this.forgetStalls(worker, now);
      this.cutBase[worker] = usualBefore;
    }
    const cut = Math.min(seconds, clipFactor * this.cutBase[worker] * units);
    this.stalledSum[worker] += seconds;
    this.cutSum[worker] += cut;
    const usual = usualBefore + Math.max(1 / (results + 2), shareMin) * (cut / units - usualBefore);
    this.usual[worker] = usual;
    this.expected[worker] = usual * (this.stalledSum[worker] / this.cutSum[worker]);
  }

  private learnSized(lines: CostLines, worker: number, seconds: number, units: number, now: number): void {
    // A guess says nothing of what is usual: the first result does.
    const guess = lines.isGuess(worker);
    if (this.results[worker]++ === 0) {
      const before = guess ? seconds : this.usualSeconds(worker, units);
      this.stalledSum[worker] = this.cutSum[worker] = stallPriorJobs * before;
      this.cutBase[worker] = this.usual[worker];
      this.cutFixed[worker] = this.fixed[worker];
      this.stallAt[worker] = now;
    } else if (now !== this.stallAt[worker]) {
      this.forgetStalls(worker, now);
      this.cutBase[worker] = this.usual[worker];
      this.cutFixed[worker] = this.fixed[worker];
    }
    // A job without size, where only size has cost so far, is expected to take nothing: it may take a share
    // of a usual job.
    const usual = this.cutFixed[worker] + this.cutBase[worker] * this.typicalUnits;
    const expected = this.cutFixed[worker] + this.cutBase[worker] * units;
    const cut = guess ? seconds : Math.min(seconds, clipFactor * Math.max(expected, partShareMin * usual));
    this.stalledSum[worker] += seconds;
    this.cutSum[worker] += cut;
    lines.learn(worker, 1, units, cut);
    this.fixed[worker] = lines.fixed[worker];
    this.usual[worker] = lines.perUnit[worker];
    if (guess) [this.cutFixed[worker], this.cutBase[worker]] = [this.fixed[worker], this.usual[worker]];
    const stall = this.stalledSum[worker] / this.cutSum[worker];
    this.expected[worker] = this.usual[worker] * stall;
    this.fixedExpected[worker] = this.fixed[worker] * stall;
  }

  private forgetStalls(worker: number, now: number): void {
    const decay = Math.exp((this.stallAt[worker] - now) / this.stallMemorySeconds);
    this.stalledSum[worker] *= decay;
    this.cutSum[worker] *= decay;
    this.stallAt[worker] = now;
  }
}
