/**
 * What modest clients feel of immodest ones: 20 clients with an open loop of jobs, alone and beside one that asks for a
 * million at once, and beside offenders. Both sides of a ratio alternate in one run.
 */
import { Command, Option } from 'commander';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadReport } from '../../src/client/load/load-run.js';
import { durationMs, integer } from '../../src/common/options.js';
import { projectRoot } from '../../src/common/version.js';
import { JobCluster } from '../../test/support/job-cluster.js';
import { Child } from '../jobs/child.js';
import { printTable } from '../policy/table.js';

interface Options {
  readonly runs: number;
  readonly rate: number;
  readonly duration: number;
  readonly jobs: number;
}

interface Row {
  readonly name: string;
  readonly lbArgs: readonly string[];
  readonly crowd: readonly string[];
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

const say = (words: string): void => void process.stderr.write(`${words}\n`);
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

/** 20 connections together ask at this rate, GET_TIME and MINE_BITCOIN in turn. @returns microseconds */
async function modest({ tcp }: JobCluster, { rate, duration }: Options): Promise<Latency> {
  const client = new Child(process.execPath, [
    ...[join(projectRoot, 'bin', 'trireme'), 'bench-jobs', '--json', '--lb', `${tcp.host}:${tcp.port}`],
    ...['--connections', '20', '--rate', String(rate), '--mix', '1:1,2:1', '--duration', `${duration}ms`],
  ]);
  const { latencyMicroseconds, errors, wrong, unanswered } = await client.report<LoadReport>();
  if (errors + wrong + unanswered > 0) throw new Error(`${errors} errors, ${wrong} wrong, ${unanswered} unanswered`);
  return latencyMicroseconds;
}

async function measure(row: Row, options: Options): Promise<string[]> {
  const cluster = await JobCluster.start([1, 1], row.lbArgs);
  const [alone, beside]: [Latency[], Latency[]] = [[], []];
  try {
    for (let run = 0; run < options.runs; run++) {
      say(`${row.name}, round ${run + 1} of ${options.runs}`);
      alone.push(await modest(cluster, options));
      const { host, port } = cluster.tcp;
      const [what, ...rest] = row.crowd;
      const crowd = spawn(process.execPath, [join(__dirname, 'crowd.js'), what, host, String(port), ...rest], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      beside.push(await modest(cluster, options));
      if (crowd.exitCode === null) {
        crowd.kill('SIGKILL');
        await once(crowd, 'exit');
      }
    }
  } finally {
    await cluster.stop();
  }
  const ms = (of: (latency: Latency) => number, all: readonly Latency[]): string =>
    (median(all.map(of)) / 1000).toFixed(1);
  const ratios = beside.map(({ p99 }, at) => p99 / alone[at].p99);
  const p50 = ({ p50: value }: Latency): number => value;
  const p99 = ({ p99: value }: Latency): number => value;
  return [
    row.name,
    `${ms(p50, alone)} / ${ms(p99, alone)}`,
    `${ms(p50, beside)} / ${ms(p99, beside)}`,
    median(ratios).toFixed(2),
    `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`,
  ];
}

const command = new Command('bench fairness')
  .description('20 modest clients beside one that asks for a million jobs at once, and beside offenders')
  .addOption(new Option('--runs <n>', 'rounds; medians are shown').argParser(integer(1, 100)).default(5))
  .addOption(new Option('--rate <n>', 'jobs a second of the 20 together').argParser(integer(1, 100_000)).default(1000))
  .addOption(
    new Option('--duration <duration>', 'of each measurement').argParser(durationMs(500, 600_000)).default(5000, '5s'),
  )
  .addOption(new Option('--jobs <n>', 'of the greedy client').argParser(integer(1, 10_000_000)).default(1_000_000))
  .action(async (options: Options) => {
    const jobs = String(options.jobs);
    const rows: Row[] = [
      { name: `${jobs} MINE_BITCOIN`, lbArgs: [], crowd: ['greedy', '2', jobs] },
      { name: `${jobs} GET_TIME`, lbArgs: [], crowd: ['greedy', '1', jobs] },
      { name: 'offenders', lbArgs: [], crowd: ['offenders'] },
      { name: `${jobs} MINE_BITCOIN, --fairness off`, lbArgs: ['--fairness', 'off'], crowd: ['greedy', '2', jobs] },
    ];
    const table: string[][] = [];
    for (const row of rows) table.push(await measure(row, options));
    printTable('20 clients, ms p50 / p99', ['beside', 'alone', 'beside them', 'p99 ratio', 'of all rounds'], table);
  });

command.parseAsync().catch((error: Error) => {
  say(`bench fairness: ${error.message}`);
  process.exitCode = 1;
});
