import { batchScenarios, loads, openScenarios, type Scenario } from './scenarios.js';
import { leastConnections, shortestExpectedDelay, weightedRoundRobin } from './policies/counting.js';
import { peakEwma } from './policies/peak-ewma.js';
import { bareOptions, triremeWith } from './policies/trireme.js';
import type { PolicyMaker } from './policy.js';
import { median, quantilesMicroseconds } from './quantiles.js';
import { floorLatency, pooledLatency } from './references.js';
import { Simulation, type Run } from './simulation.js';
import { printTable } from './table.js';

const policies: Readonly<Record<string, PolicyMaker>> = {
  'least connections': leastConnections,
  'weighted round robin': weightedRoundRobin,
  SED: shortestExpectedDelay,
  'peak-EWMA, P2C by capacity': peakEwma,
  'Trireme, bare': triremeWith(bareOptions),
  Trireme: triremeWith({}),
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

latencyTable('n=10, microseconds p50 / p99 / p999', loads);
for (let at = 0; at < openScenarios.length; at += 3)
  latencyTable('microseconds p50 / p99 / p999', openScenarios.slice(at, at + 3));
makespanTable();
