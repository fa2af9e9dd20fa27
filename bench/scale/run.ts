/**
 * The hub with more and more workers: jobs and picks a second, memory of each worker, and the time from the
 * loss of a worker to its jobs running elsewhere. Up to 100 workers on real gRPC streams, up to 1,000 in
 * simulated time: `node dist/bench/scale/run.js [--quick]`. The whole takes some two minutes, --quick one.
 */
import { cpus, totalmem } from 'node:os';
import { printTable } from '../policy/table.js';
import { simulate } from './simulated.js';
import { overStreams } from './streams.js';

const quick = process.argv.includes('--quick');

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(bytes < 10_000 ? 1 : 0);
const thousands = (count: number): string => Math.round(count).toLocaleString('en-US');
const milliseconds = (seconds: number): string => (seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0);

const lossHead = ['killed, ms', 'stopped, ms', 'stopped, jobs waiting, ms'];

async function main(): Promise<void> {
  console.log(
    `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`,
  );
  const real: string[][] = [];
  // The most first: their memory is what a process takes that has held none before.
  for (const workers of [100, 10, 1]) {
    const figures = await overStreams(workers, quick ? 1 : 3, quick ? 1 : 3);
    real.unshift([
      `${workers}`,
      thousands(figures.jobsPerSecond),
      workers < 100 ? '' : kilobytes(figures.residentBytesPerWorker),
      ...[figures.killedSeconds, figures.stoppedSeconds, figures.stoppedBusySeconds].map(milliseconds),
    ]);
  }
  printTable(
    'workers on gRPC streams, each with a connection of its own',
    ['workers', 'jobs/s', 'kB each', ...lossHead],
    real,
  );
  const simulated = [10, 100, 1_000].map((workers) => {
    const figures = simulate(workers, quick ? 200_000 : 1_000_000);
    return [
      thousands(workers),
      thousands(figures.jobsPerSecond),
      thousands(figures.picksPerSecond),
      workers < 1_000 ? '' : kilobytes(figures.heapBytesPerWorker),
      ...[figures.killedSeconds, figures.stoppedSeconds, figures.stoppedBusySeconds].map(milliseconds),
    ];
  });
  printTable(
    'workers in simulated time, 0.2 ms away',
    ['workers', 'jobs/s', 'picks/s', 'kB each', ...lossHead],
    simulated,
  );
}

void main();
