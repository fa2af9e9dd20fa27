import { grownBytes, grownFloats, grownInts } from './worker-columns.js';

/** An execution time counts at most this many times the usual one towards the usual one; the rest is a stall. */
const clipFactor = 4;

/** Least share of the newest result in the usual cost: about the last ten results are remembered. */
const shareMin = 0.1;

/** Units of ordinary results that the calibration weighs in the stall factor. */
const stallPriorJobs = 8;

/**
 * What one kind costs on each worker, in seconds of one slot per unit, and how much of it is outstanding there.
 * Columns are indexed by worker.
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
  usual: Float64Array;
  /** usual * stall. */
  expected: Float64Array;
  /** As the worker measured itself when it joined; 0 is unknown. */
  calibrated: Float64Array;
  outstandingUnits: Float64Array;
  outstandingJobs: Int32Array;
  results: Float64Array;
  /** Workers that offer the kind. */
  workers = 0;
  private stalledSum: Float64Array;
  private cutSum: Float64Array;
  private stallAt: Float64Array;
  /** `usual` when the present batch of results began: results that come together are cut at the same bound. */
  private cutBase: Float64Array;

  constructor(
    readonly kind: number,
    capacity: number,
    private readonly stallMemorySeconds: number,
  ) {
    this.offered = new Uint8Array(capacity);
    this.usual = new Float64Array(capacity);
    this.expected = new Float64Array(capacity);
    this.calibrated = new Float64Array(capacity);
    this.outstandingUnits = new Float64Array(capacity);
    this.outstandingJobs = new Int32Array(capacity);
    this.results = new Float64Array(capacity);
    this.stalledSum = new Float64Array(capacity);
    this.cutSum = new Float64Array(capacity);
    this.stallAt = new Float64Array(capacity);
    this.cutBase = new Float64Array(capacity);
  }

  grow(capacity: number): void {
    this.offered = grownBytes(this.offered, capacity);
    this.usual = grownFloats(this.usual, capacity);
    this.expected = grownFloats(this.expected, capacity);
    this.calibrated = grownFloats(this.calibrated, capacity);
    this.outstandingUnits = grownFloats(this.outstandingUnits, capacity);
    this.outstandingJobs = grownInts(this.outstandingJobs, capacity);
    this.results = grownFloats(this.results, capacity);
    this.stalledSum = grownFloats(this.stalledSum, capacity);
    this.cutSum = grownFloats(this.cutSum, capacity);
    this.stallAt = grownFloats(this.stallAt, capacity);
    this.cutBase = grownFloats(this.cutBase, capacity);
  }

  /** The worker offers the kind; `calibratedSeconds` per unit is 0 when it did not measure itself. */
  offer(worker: number, calibratedSeconds: number): void {
    this.offered[worker] = 1;
    this.workers++;
    this.calibrated[worker] = calibratedSeconds;
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

  /** Sets the cost that holds until the first result. */
  assume(worker: number, secondsPerUnit: number, now: number): void {
    this.usual[worker] = secondsPerUnit;
    this.expected[worker] = secondsPerUnit;
    this.cutBase[worker] = secondsPerUnit;
    this.stallAt[worker] = now;
    this.stalledSum[worker] = 0;
    this.cutSum[worker] = 0;
  }

  /** Learns from one result: `seconds` of one slot for `units` units. Both are above zero. */
  learn(worker: number, seconds: number, units: number, now: number): void {
    const results = this.results[worker]++;
    const usualBefore = this.usual[worker];
    if (results === 0) {
      this.stalledSum[worker] = this.cutSum[worker] = stallPriorJobs * usualBefore * units;
      this.cutBase[worker] = usualBefore;
      this.stallAt[worker] = now;
    } else if (now !== this.stallAt[worker]) {
      const decay = Math.exp((this.stallAt[worker] - now) / this.stallMemorySeconds);
      this.stalledSum[worker] *= decay;
      this.cutSum[worker] *= decay;
      this.stallAt[worker] = now;
      this.cutBase[worker] = usualBefore;
    }
    const cut = Math.min(seconds, clipFactor * this.cutBase[worker] * units);
    this.stalledSum[worker] += seconds;
    this.cutSum[worker] += cut;
    const usual = usualBefore + Math.max(1 / (results + 2), shareMin) * (cut / units - usualBefore);
    this.usual[worker] = usual;
    this.expected[worker] = usual * (this.stalledSum[worker] / this.cutSum[worker]);
  }
}
