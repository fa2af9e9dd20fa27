/**
 * How near the clients of ordinary gRPC libraries come to the bounds that a gRPC port has for each connection. Each
 * library asks jobs in three ways of a load balancer of its own, whose metrics say what it saw.
 */
import { Command, Option } from 'commander';
import { grpcGuardLimitsDefault } from '../../src/common/grpc-guard-limits.js';
import { integer } from '../../src/common/options.js';
import { JobCluster } from '../../test/support/job-cluster.js';
import { Child } from '../jobs/child.js';
import { printTable } from '../policy/table.js';
import { libraries, makeClient, type Client } from './clients.js';

interface Options {
  readonly seconds: number;
  readonly only: string;
}

interface Report {
  readonly jobs: number;
  readonly failed: Readonly<Record<string, number>>;
}

const modes = { one: 'one call at a time', '64': '64 calls at once', '20/s': 'RunJobs, 20 jobs/s' } as const;
const say = (words: string): void => void process.stderr.write(`${words}\n`);

async function measure({ library, command }: Client, mode: keyof typeof modes, seconds: number): Promise<string[]> {
  const cluster = await JobCluster.start([2]);
  try {
    const [program, ...args] = command;
    const { jobs, failed } = await new Child(program, [...args, cluster.grpc, mode, String(seconds)]).report<Report>();
    for (const [words, count] of Object.entries(failed)) say(`${library}, ${modes[mode]}: ${count} times ${words}`);
    const peak = async (bound: string): Promise<string> =>
      String((await cluster.metric(`trireme_grpc_peaks{bound="${bound}"}`)) || 0);
    return [
      library,
      modes[mode],
      String(jobs),
      String(Object.values(failed).reduce((sum, count) => sum + count, 0)),
      String(await cluster.metric('trireme_grpc_pings_total')),
      await peak('pings'),
      await peak('resets'),
      await peak('connections'),
      await peak('reader-ms'),
    ];
  } finally {
    await cluster.stop();
  }
}

async function main({ seconds, only }: Options): Promise<void> {
  const rows: string[][] = [];
  for (const library of only === '' ? libraries : [only]) {
    say(library);
    const client = await makeClient(library);
    if (typeof client === 'string') say(`SKIP ${library}: ${client}`);
    else for (const mode of ['one', '64', '20/s'] as const) rows.push(await measure(client, mode, seconds));
  }
  const { pingsMax, resetsMax, connectionsMax, readerTimeoutMs } = grpcGuardLimitsDefault;
  printTable(
    `gRPC callers, ${seconds} s each. Bounds: ${pingsMax} PINGs, ${resetsMax} resets, ${connectionsMax} connections, ` +
      `${readerTimeoutMs} ms without reading; a worker's connection is counted`,
    ['library', 'asks', 'jobs', 'failed', 'PINGs sent', 'PINGs counted', 'resets', 'connections', 'ms unread'],
    rows,
  );
}

void new Command()
  .addOption(new Option('--seconds <n>', 'of each way to ask').argParser(integer(1, 300)).default(5))
  .addOption(new Option('--only <library>', 'one library alone').choices(libraries).default(''))
  .action(main)
  .parseAsync();
