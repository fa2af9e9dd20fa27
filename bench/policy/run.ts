/**
 * Replays the picking policies in simulated time, with the project's own picker among them, and measures what
 * a pick costs: `node dist/bench/policy/run.js [--quick]`. Prints tables; the whole takes some two minutes,
 * --quick ten seconds with a tenth of the jobs, of which the first milliseconds of a cold fleet are then a
 * large part.
 */
import { batchScenarios, loads, openScenarios, type Scenario } from './scenarios.js';
import { leastConnections, roundRobin, shortestExpectedDelay, weightedRoundRobin } from './policies/counting.js';
import { peakEwma } from './policies/peak-ewma.js';
import { policyConstants, triremeWith } from './policies/trireme.js';
import { pickNanoseconds } from './pick-cost.js';
import type { PolicyMaker } from './policy.js';
import { throttled, throttledMidway, type QuotaRun } from './quota.js';
import { median, quantilesMicroseconds } from './quantiles.js';
import { floorLatency, pooledLatency } from './references.js';
import { Simulation, type Run } from './simulation.js';
import { sizeBatches, sizeLoads, type SizeScenario } from './sizes.js';
import { printTable } from './table.js';

const policies: Readonly<Record<string, PolicyMaker>> = {
  'least connections': leastConnections,
  'weighted round robin': weightedRoundRobin,
  SED: shortestExpectedDelay,
  'peak-EWMA, P2C by capacity': peakEwma,
  'Trireme, policy constants': triremeWith(policyConstants),
  'Trireme, as shipped': triremeWith({}),
};

const references: Readonly<Record<string, (run: Run) => Float64Array>> = {
  'floor (strict bound)': floorLatency,
  'pooled FIFO reference': pooledLatency,
};

const quick = process.argv.includes('--quick');
const jobs = quick ? 30_000 : 250_000;
const seeds = quick ? [1] : [1, 2];

function latencies(scenario: Scenario, of: (run: Run) => Float64Array): string {
  const runs = seeds.map((seed) => quantilesMicroseconds(of(scenario.run(jobs, seed))));
  return [0, 1, 2].map((index) => Math.round(median(runs.map((run) => run[index])))).join(' / ');
}

const answered = (maker: PolicyMaker) => (run: Run) => new Simulation(run, maker).outcome().latency;

function latencyTable(title: string, scenarios: readonly Scenario[]): void {
  const rows = [
    ...Object.entries(references).map(([name, of]) => [name, ...scenarios.map((scenario) => latencies(scenario, of))]),
    ...Object.entries(policies).map(([name, maker]) => [
      name,
      ...scenarios.map((scenario) => latencies(scenario, answered(maker))),
    ]),
  ];
  printTable(title, ['policy', ...scenarios.map(({ name }) => name)], rows);
}

function makespanTable(): void {
  const batchJobs = quick ? 30_000 : 100_000;
  const rows = Object.entries(policies).map(([name, maker]) => [
    name,
    ...batchScenarios.map((scenario) => {
      const { makespan, bound } = new Simulation(scenario.run(batchJobs, 1), maker).outcome();
      return (makespan / bound).toFixed(2);
    }),
  ]);
  printTable('batch, all jobs at 0: makespan / bound', ['policy', ...batchScenarios.map(({ name }) => name)], rows);
}

/** A worker that stands still for this long has its jobs given to others too, in the rows that say so. */
const copyAfterSeconds = 5e-3;

function quotaTable(title: string, make: (jobs: number, seed: number) => QuotaRun): void {
  const quotaSeeds = quick ? [1, 2] : [1, 2, 3, 4, 5, 6, 7, 8];
  const rows: [string, PolicyMaker, number][] = [
    ['round robin', roundRobin, Infinity],
    ['weighted round robin', weightedRoundRobin, Infinity],
    ['SED', shortestExpectedDelay, Infinity],
    ['peak-EWMA, P2C by capacity', peakEwma, Infinity],
    ['Trireme', triremeWith({}), Infinity],
    ['Trireme, no memory of stalls, silent jobs copied', triremeWith({ stallMemorySeconds: 1e-9 }), copyAfterSeconds],
    ['Trireme, silent jobs copied', triremeWith({}), copyAfterSeconds],
  ];
  const inFlight = [256, 1024, Infinity];
  const cell = (maker: PolicyMaker, copyAfter: number, connectionJobsMax: number): string => {
    const outcomes = quotaSeeds.map((seed) => {
      const { run, idealSeconds } = make(20_000, seed);
      const outcome = new Simulation({ ...run, copyAfterSeconds: copyAfter, connectionJobsMax }, maker).outcome();
      return { ratio: outcome.makespan / idealSeconds, copies: outcome.copies };
    });
    const ratios = outcomes.map(({ ratio }) => ratio);
    const copies = median(outcomes.map((outcome) => outcome.copies));
    return `${median(ratios).toFixed(2)} (${Math.max(...ratios).toFixed(2)}) ${copies}`;
  };
  printTable(
    `${title}: makespan / ideal, median (worst), and jobs copied`,
    ['policy', ...inFlight.map((jobs) => (jobs === Infinity ? 'all at once' : `${jobs} in flight, in order`))],
    rows.map(([name, maker, copyAfter]) => [name, ...inFlight.map((jobs) => cell(maker, copyAfter, jobs))]),
  );
}

function pickCostTable(): void {
  const perCall = (workers: number, heaps: boolean): string => {
    const calls = heaps ? 200_000 : Math.max(2_000, 20_000_000 / workers / (quick ? 10 : 1));
    return pickNanoseconds(workers, heaps, Math.min(calls, 200_000)).toFixed(0);
  };
  printTable(
    'nanoseconds of pick + dispatched + ended',
    ['workers', 'looking at all', 'heaps'],
    [10, 20, 30, 50, 100, 1_000, 10_000].map((workers) => [
      `${workers}`,
      perCall(workers, false),
      perCall(workers, true),
    ]),
  );
}

/** Policies that count jobs, and Trireme with and without the sizes of jobs. */
function sizesTable(): void {
  const rows: [string, PolicyMaker, boolean][] = [
    ['least connections', leastConnections, false],
    ['weighted round robin', weightedRoundRobin, false],
    ['SED', shortestExpectedDelay, false],
    ['peak-EWMA, P2C by capacity', peakEwma, false],
    ['Trireme, all jobs alike', triremeWith({}), false],
    ['Trireme, cost by size', triremeWith({}), true],
  ];
  const outcomeOf = (scenario: SizeScenario, maker: PolicyMaker, sized: boolean, jobs: number) =>
    [1, 2, 3].map((seed) => new Simulation(scenario.run(jobs, seed, sized), maker).outcome());
  const batchCell = (scenario: SizeScenario, jobs: number, maker: PolicyMaker, sized: boolean): string => {
    const ratios = outcomeOf(scenario, maker, sized, jobs).map(({ makespan, bound }) => makespan / bound);
    return `${median(ratios).toFixed(2)} (${Math.max(...ratios).toFixed(2)})`;
  };
  const counts = [1_000, 10_000];
  printTable(
    'sizes, four workers 1:2:4:8, all jobs at 0: makespan / bound, median (worst)',
    ['policy', ...sizeBatches.flatMap(({ name }) => counts.map((jobs) => `${name}, ${jobs} jobs`))],
    rows.map(([name, maker, sized]) => [
      name,
      ...sizeBatches.flatMap((scenario) => counts.map((jobs) => batchCell(scenario, jobs, maker, sized))),
    ]),
  );
  printTable(
    'sizes, the same workers: milliseconds p50 / p99 / p999',
    ['policy', ...sizeLoads.map(({ name }) => name)],
    rows.map(([name, maker, sized]) => [
      name,
      ...sizeLoads.map((scenario) => {
        const runs = outcomeOf(scenario, maker, sized, 20_000).map(({ latency }) => quantilesMicroseconds(latency));
        return [0, 1, 2].map((index) => (median(runs.map((run) => run[index])) / 1000).toFixed(1)).join(' / ');
      }),
    ]),
  );
}

sizesTable();
pickCostTable();
quotaTable('20,000 jobs of 44 us on 1, 1/2, 1/4 and 1/10 of a core (100 ms quota periods)', throttled);
quotaTable('the same on four cores, one throttled to 1/10 after a third', throttledMidway);
latencyTable('n=10, microseconds p50 / p99 / p999', loads);
for (let at = 0; at < openScenarios.length; at += 3)
  latencyTable('microseconds p50 / p99 / p999', openScenarios.slice(at, at + 3));
makespanTable();
