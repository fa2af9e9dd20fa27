import { seededRandom } from '../../../src/hub/picking/seeded-random.js';
import type { Policy, PolicyMaker, Told } from '../policy.js';

/** Time in which a latency that is not confirmed falls to 1/e. Finagle takes 10 s; these runs last 30 ms. */
const decaySeconds = 1e-3;

/** Kinds at most; each has its own average, or one large job would count against a worker as a slow small one. */
const kindsMax = 4;

/**
 * Of two workers sampled by capacity, the one with the smaller (peak-sensitive average latency) * (outstanding + 1) /
 * cores: Finagle's and Linkerd's policy, given the true weights for its sampling.
 */
class PeakEwma implements Policy {
  private readonly outstanding: Int32Array;
  private readonly latency: Float64Array;
  private readonly seenAt: Float64Array;
  private readonly cumulative: Float64Array;
  private readonly weights: Float64Array;
  private readonly random: () => number;

  constructor(fleet: readonly Told[], roundTripSeconds: number, seed: number) {
    this.outstanding = new Int32Array(fleet.length);
    this.latency = new Float64Array(fleet.length * kindsMax).fill(roundTripSeconds);
    this.seenAt = new Float64Array(fleet.length * kindsMax);
    this.weights = Float64Array.from(fleet, (told) => told.cores);
    this.cumulative = new Float64Array(fleet.length);
    let sum = 0;
    fleet.forEach((told, worker) => (this.cumulative[worker] = sum += told.weight));
    this.random = seededRandom(seed);
  }

  pick(kind: number): number {
    const one = this.sample();
    const two = this.sample();
    return this.load(one, kind) <= this.load(two, kind) ? one : two;
  }

  dispatched(worker: number): void {
    this.outstanding[worker]++;
  }

  ended(worker: number, kind: number, _exec: number, _held: number, reply: number, now: number): void {
    this.outstanding[worker]--;
    const at = worker * kindsMax + kind;
    if (reply > this.latency[at]) this.latency[at] = reply;
    else {
      const keep = Math.exp((this.seenAt[at] - now) / decaySeconds);
      this.latency[at] = this.latency[at] * keep + reply * (1 - keep);
    }
    this.seenAt[at] = now;
  }

  private load(worker: number, kind: number): number {
    return (this.latency[worker * kindsMax + kind] * (this.outstanding[worker] + 1)) / this.weights[worker];
  }

  private sample(): number {
    const at = this.random() * this.cumulative[this.cumulative.length - 1];
    let low = 0;
    let high = this.cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.cumulative[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export const peakEwma: PolicyMaker = (fleet, roundTripSeconds, seed) => new PeakEwma(fleet, roundTripSeconds, seed);
