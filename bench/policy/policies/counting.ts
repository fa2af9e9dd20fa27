import { seededRandom } from '../../../src/hub/picking/seeded-random.js';
import type { Policy, PolicyMaker, Told } from '../policy.js';

/** A policy that goes by the number of outstanding jobs and configured weights, and gives every job away at once. */
abstract class Counting implements Policy {
  protected readonly outstanding: Int32Array;
  protected readonly weights: Float64Array;
  protected readonly random: () => number;

  constructor(fleet: readonly Told[], seed: number) {
    this.outstanding = new Int32Array(fleet.length);
    this.weights = Float64Array.from(fleet, (told) => told.weight);
    this.random = seededRandom(seed);
  }

  abstract pick(): number;

  dispatched(worker: number): void {
    this.outstanding[worker]++;
  }

  ended(worker: number): void {
    this.outstanding[worker]--;
  }

  /** The worker with the least score, from a random one on. */
  protected least(score: (worker: number) => number): number {
    const count = this.outstanding.length;
    const first = Math.floor(this.random() * count);
    let best = first;
    let bestScore = Infinity;
    for (let step = 0; step < count; step++) {
      const worker = first + step < count ? first + step : first + step - count;
      const value = score(worker);
      if (value < bestScore) {
        best = worker;
        bestScore = value;
      }
    }
    return best;
  }
}

class LeastConnections extends Counting {
  override pick(): number {
    return this.least((worker) => this.outstanding[worker]);
  }
}

class ShortestExpectedDelay extends Counting {
  override pick(): number {
    return this.least((worker) => (this.outstanding[worker] + 1) / this.weights[worker]);
  }
}

/** Smooth weighted round robin, as nginx does it: in turn, in proportion to the weights, without bursts. */
class WeightedRoundRobin extends Counting {
  private readonly credit = new Float64Array(this.weights.length);
  private readonly total = this.weights.reduce((sum, weight) => sum + weight, 0);

  override pick(): number {
    let best = 0;
    for (let worker = 0; worker < this.credit.length; worker++) {
      this.credit[worker] += this.weights[worker];
      if (this.credit[worker] > this.credit[best]) best = worker;
    }
    this.credit[best] -= this.total;
    return best;
  }
}

class RoundRobin extends Counting {
  private next = 0;

  override pick(): number {
    return this.next++ % this.outstanding.length;
  }
}

export const roundRobin: PolicyMaker = (fleet, _roundTrip, seed) => new RoundRobin(fleet, seed);
export const leastConnections: PolicyMaker = (fleet, _roundTrip, seed) => new LeastConnections(fleet, seed);
export const shortestExpectedDelay: PolicyMaker = (fleet, _roundTrip, seed) => new ShortestExpectedDelay(fleet, seed);
export const weightedRoundRobin: PolicyMaker = (fleet, _roundTrip, seed) => new WeightedRoundRobin(fleet, seed);
