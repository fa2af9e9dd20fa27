import type { KindCosts } from './kind-costs.js';

/**
 * Gives a cost to each kind of the worker that has no result yet: its calibration, corrected by what the worker's other
 * kinds turned out to cost beside theirs (a throttled worker is slower in all); without calibration, another kind's
 * cost in the proportion that the two have in the fleet; else the fleet's mean; else `unknownSeconds`.
 */
export function assumeCosts(
  kinds: readonly KindCosts[],
  worker: number,
  workers: number,
  unknownSeconds: number,
  now: number,
): void {
  for (const costs of kinds) {
    if (costs.offered[worker] === 0 || costs.results[worker] > 0) continue;
    const assumed = borrowed(kinds, costs, worker, workers) || costs.calibrated[worker] || fleetMean(costs, workers);
    costs.assume(worker, assumed || unknownSeconds, now, costs.sized ? likely(costs, workers) : -1);
  }
}

/** The cost that follows from another kind of the same worker; 0 when none tells anything. */
function borrowed(kinds: readonly KindCosts[], costs: KindCosts, worker: number, workers: number): number {
  const calibrated = costs.calibrated[worker];
  const offered = kinds.filter((other) => other !== costs && other.offered[worker] === 1);
  const learned = offered.find((other) => other.results[worker] > 0);
  const other = learned ?? (calibrated > 0 ? undefined : offered.find((kind) => kind.calibrated[worker] > 0));
  if (other === undefined) return 0;
  const ratio =
    calibrated > 0 && other.calibrated[worker] > 0
      ? calibrated / other.calibrated[worker]
      : fleetRatio(costs, other, workers);
  return Number.isFinite(ratio) ? ratio * other.typicalSeconds(worker) : 0;
}

function known(costs: KindCosts, worker: number): boolean {
  return costs.offered[worker] === 1 && (costs.results[worker] > 0 || costs.calibrated[worker] > 0);
}

/** What a usual job of one kind costs for each of the other, over the workers that know both; NaN when none does. */
function fleetRatio(costs: KindCosts, other: KindCosts, workers: number): number {
  let sum = 0;
  let otherSum = 0;
  for (let worker = 0; worker < workers; worker++) {
    if (!known(costs, worker) || !known(other, worker)) continue;
    sum += costs.typicalSeconds(worker);
    otherSum += other.typicalSeconds(worker);
  }
  return sum / otherSum;
}

/** Mean cost over the workers that know it; 0 when none does. */
function fleetMean(costs: KindCosts, workers: number): number {
  let sum = 0;
  let count = 0;
  for (let worker = 0; worker < workers; worker++) {
    if (!known(costs, worker)) continue;
    sum += costs.typicalSeconds(worker);
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** The worker that knows best what size does to the cost of a kind; -1 when none does. */
function likely(costs: KindCosts, workers: number): number {
  let best = -1;
  for (let worker = 0; worker < workers; worker++) {
    if (costs.offered[worker] === 0 || costs.results[worker] === 0) continue;
    if (best < 0 || costs.results[worker] > costs.results[best]) best = worker;
  }
  return best;
}
