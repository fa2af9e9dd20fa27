import { grownBytes, grownFloats } from './grown-columns.js';

/**
 * Jobs of one size differ by about this share in what they take. It weighs a result against what was learned
 * before, and only its proportion to the drifts below matters.
 */
const noise = 0.3;

/**
 * How much a line may change with each result, as shares squared: all of it, when its worker becomes faster
 * or slower, so that about the last six results count; and its two parts against one another, which follow
 * from the code of the kind, so that some thirty results count.
 */
const speedDrift = 0.003;
const shapeDrift = 0.0001;

/** A part of a line that is nearly 0 is held to be this share of a usual job, so that it can grow again. */
export const partShareMin = 0.01;

/** Least share of the newest result in what a usual job is. */
const usualShareMin = 0.05;

/** Nothing takes less: shorter times are below what clocks tell. */
const secondsMin = 1e-9;

/**
 * What jobs of different sizes take: seconds = fixed + perUnit * units, each at least 0, in columns, a line
 * for each worker or kind. Learned online by a Kalman filter of these two parameters whose noise is in
 * proportion to what is predicted, so that small jobs say what is fixed and large ones what a unit takes,
 * whichever are more frequent. Nothing is allocated but by `grow`. Cutting off what lies far out is for the
 * caller, who knows what stalls look like.
 */
export class CostLines {
  /** Seconds of a job beside its units. */
  fixed: Float64Array;
  /** Seconds of a unit. */
  perUnit: Float64Array;
  /** Variances of both and their covariance. */
  private fixedVariance: Float64Array;
  private unitVariance: Float64Array;
  private covariance: Float64Array;
  /** A usual job: the mean of late. */
  private usualSeconds: Float64Array;
  private usualUnits: Float64Array;
  private results: Float64Array;
  /** 1: the line is a guess, which the first result replaces. */
  private guessed: Uint8Array;

  constructor(capacity: number) {
    this.fixed = new Float64Array(capacity);
    this.perUnit = new Float64Array(capacity);
    this.fixedVariance = new Float64Array(capacity);
    this.unitVariance = new Float64Array(capacity);
    this.covariance = new Float64Array(capacity);
    this.usualSeconds = new Float64Array(capacity);
    this.usualUnits = new Float64Array(capacity);
    this.results = new Float64Array(capacity);
    this.guessed = new Uint8Array(capacity);
  }

  grow(capacity: number): void {
    this.fixed = grownFloats(this.fixed, capacity);
    this.perUnit = grownFloats(this.perUnit, capacity);
    this.fixedVariance = grownFloats(this.fixedVariance, capacity);
    this.unitVariance = grownFloats(this.unitVariance, capacity);
    this.covariance = grownFloats(this.covariance, capacity);
    this.usualSeconds = grownFloats(this.usualSeconds, capacity);
    this.usualUnits = grownFloats(this.usualUnits, capacity);
    this.results = grownFloats(this.results, capacity);
    this.guessed = grownBytes(this.guessed, capacity);
  }

  /**
   * Sets a line that holds until the first result.
   * @param guessed nothing speaks for it, so the first result counts whole
   */
  assume(at: number, fixed: number, perUnit: number, guessed: boolean): void {
    this.fixed[at] = fixed;
    this.perUnit[at] = perUnit;
    // As uncertain as it is long: a worker may be twice as fast as another, in both parts alike.
    this.fixedVariance[at] = fixed * fixed;
    this.unitVariance[at] = perUnit * perUnit;
    this.covariance[at] = fixed * perUnit;
    this.usualSeconds[at] = 0;
    this.usualUnits[at] = 0;
    this.results[at] = 0;
    this.guessed[at] = guessed ? 1 : 0;
  }

  /** Whether the line is a guess that the first result will replace. */
  isGuess(at: number): boolean {
    return this.guessed[at] === 1;
  }

  secondsOf(at: number, units: number): number {
    return this.fixed[at] + this.perUnit[at] * units;
  }

  /** Learns that `jobs` jobs of so many units together took so many seconds; `jobs` is at least 1, seconds above 0. */
  learn(at: number, jobs: number, units: number, seconds: number): void {
    if (this.guessed[at] === 1) return this.begin(at, jobs, units, seconds);
    const share = Math.max(1 / ++this.results[at], usualShareMin);
    this.usualSeconds[at] += share * (seconds / jobs - this.usualSeconds[at]);
    this.usualUnits[at] += share * (units / jobs - this.usualUnits[at]);
    const usual = this.usualSeconds[at];
    const perUnitOfUsual = this.usualUnits[at] > 0 ? usual / this.usualUnits[at] : 0;

    const fixed = this.fixed[at];
    const perUnit = this.perUnit[at];
    const drifts = Math.max(fixed, partShareMin * usual);
    const unitDrifts = Math.max(perUnit, partShareMin * perUnitOfUsual);
    const fixedVariance = this.fixedVariance[at] + speedDrift * fixed * fixed + shapeDrift * drifts * drifts;
    const covariance = this.covariance[at] + speedDrift * fixed * perUnit;
    const unitVariance = this.unitVariance[at] + speedDrift * perUnit * perUnit + shapeDrift * unitDrifts * unitDrifts;

    const predicted = Math.max(secondsMin, jobs * fixed + units * perUnit);
    const gainFixed = jobs * fixedVariance + units * covariance;
    const gainUnit = jobs * covariance + units * unitVariance;
    const deviation = noise * predicted;
    const total = jobs * gainFixed + units * gainUnit + deviation * deviation;
    const step = (seconds - predicted) / total;
    this.fixedVariance[at] = fixedVariance - (gainFixed * gainFixed) / total;
    this.covariance[at] = covariance - (gainFixed * gainUnit) / total;
    this.unitVariance[at] = unitVariance - (gainUnit * gainUnit) / total;
    this.fixed[at] = fixed + gainFixed * step;
    this.perUnit[at] = perUnit + gainUnit * step;
    this.keepAboveZero(at);
  }

  /** The first result says what a job of its size takes; how that divides is unknown, and half each is least wrong. */
  private begin(at: number, jobs: number, units: number, seconds: number): void {
    const half = units > 0 ? seconds / 2 : seconds;
    const fixed = half / jobs;
    const perUnit = units > 0 ? half / units : 0;
    this.assume(at, fixed, perUnit, false);
    // Their sum is known, to within the noise, and which of both it is not at all: what one has more the
    // other has less.
    const sure = 1 + noise * noise;
    this.fixedVariance[at] = sure * fixed * fixed;
    this.unitVariance[at] = units > 0 ? sure * perUnit * perUnit : seconds * seconds;
    this.covariance[at] = (noise * noise - 1) * fixed * perUnit;
    this.results[at] = 1;
    this.usualSeconds[at] = seconds / jobs;
    this.usualUnits[at] = units / jobs;
  }

  /** Of all lines without a negative part the likeliest, given what is known of how both parts go together. */
  private keepAboveZero(at: number): void {
    const covariance = this.covariance[at];
    if (this.fixed[at] < 0) {
      if (this.fixedVariance[at] > 0) this.perUnit[at] -= (covariance / this.fixedVariance[at]) * this.fixed[at];
      this.fixed[at] = 0;
    }
    if (this.perUnit[at] < 0) {
      if (this.unitVariance[at] > 0) this.fixed[at] -= (covariance / this.unitVariance[at]) * this.perUnit[at];
      this.perUnit[at] = 0;
      if (this.fixed[at] < 0) this.fixed[at] = 0;
    }
  }
}
