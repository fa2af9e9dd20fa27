/**
 * Real workers held to unequal speeds by cgroup CPU quotas: what each does alone, what they do together, and what plain
 * round robin makes of the same workers. Needs root.
 */
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { join } from 'node:path';
import { integer } from '../../src/common/options.js';
import { CpuQuota } from '../../test/support/cpu-quota.js';
import { JobCluster } from '../../test/support/job-cluster.js';
import { LineClient } from '../../test/support/line-client.js';

interface Options {
  readonly shares: readonly number[];
  readonly jobs: number;
  readonly runs: number;
}

/** Jobs before those that are measured: code gets hot, and quotas are seen. */
const warmupJobs = 5_000;

/** Seconds that a worker is measured alone, about: several periods of a quota. */
const aloneSeconds = 0.6;

/** 64 hex digits and a newline. */
const answerLineBytes = 65;

const say = (words: string): void => void process.stderr.write(`${words}\n`);

function parseShares(text: string): number[] {
  const shares = text.split(',').map(Number);
  if (shares.some((share) => !(share >= 0.02 && share <= 1)))
    throw new InvalidArgumentError(`'${text}' is not a list of shares of a core from 0.02 to 1, such as 1,0.5`);
  return shares;
}

/** After this part of the answers the first worker is held to this part of its share. */
const throttled = { after: 1 / 3, to: 1 / 10 };

/**
 * Sends so many MINE_BITCOIN at once over one connection.
 * @param midway called once after throttled.after of the answers
 * @returns seconds until the last answer
 */
async function mine(cluster: JobCluster, jobs: number, midway: () => void = () => undefined): Promise<number> {
  const client = await LineClient.dial(cluster.tcp);
  let bytes = 0;
  const done = new Promise<void>((resolve, reject) => {
    client.socket.removeAllListeners('data');
    client.socket.on('data', (chunk: Buffer) => {
      const before = bytes;
      bytes += chunk.length;
      const midwayBytes = jobs * answerLineBytes * throttled.after;
      if (before < midwayBytes && bytes >= midwayBytes) midway();
      if (bytes === jobs * answerLineBytes) resolve();
    });
    client.socket.once('close', () => reject(new Error('the lb closed the connection')));
  });
  const fromMs = performance.now();
  client.socket.write('2\n'.repeat(jobs));
  await done;
  const seconds = (performance.now() - fromMs) / 1000;
  client.socket.destroy();
  return seconds;
}

/** A cluster whose workers have started, have shown what they do, and are then held to their shares. */
async function withWorkers<T>(
  shares: readonly number[],
  roundRobin: boolean,
  use: (cluster: JobCluster, quotas: readonly CpuQuota[]) => Promise<T>,
): Promise<T> {
  const before = roundRobin ? ['env', `NODE_OPTIONS=--require=${join(__dirname, 'round-robin.js')}`] : [];
  const cluster = await JobCluster.start([], roundRobin ? ['--hedge-share', '0'] : [], before);
  const quotas: CpuQuota[] = [];
  try {
    for (const share of shares) {
      const quota = CpuQuota.of(1);
      quotas.push(quota);
      await cluster.addWorker(1, quota.command);
      quota.set(share);
    }
    await mine(cluster, warmupJobs);
    return await use(cluster, quotas);
  } finally {
    await cluster.stop();
    for (const quota of quotas) quota.remove();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

async function measure({ shares, jobs, runs }: Options): Promise<void> {
  const speeds: number[] = [];
  for (const share of shares) {
    say(`alone: ${share * 100} % of a core`);
    speeds.push(
      await withWorkers([share], false, async (cluster) => {
        const count = Math.ceil(aloneSeconds * share * 45_000);
        const rates: number[] = [];
        for (let run = 0; run < runs; run++) rates.push(count / (await mine(cluster, count)));
        return median(rates);
      }),
    );
  }
  const ideal = jobs / speeds.reduce((sum, speed) => sum + speed, 0);
  const together = async (
    words: string,
    roundRobin: boolean,
    idealSeconds: number,
    once: (cluster: JobCluster, quotas: readonly CpuQuota[]) => Promise<number>,
  ): Promise<number[]> => {
    say(`together, ${words}`);
    return withWorkers(shares, roundRobin, async (cluster, quotas) => {
      const ratios: number[] = [];
      for (let run = 0; run < runs; run++) ratios.push((await once(cluster, quotas)) / idealSeconds);
      return ratios;
    });
  };
  const trireme = await together('Trireme', false, ideal, (cluster) => mine(cluster, jobs));
  const turns = await together('round robin', true, ideal, (cluster) => mine(cluster, jobs));
  const sum = jobs / ideal;
  const idealThrottled =
    ideal * throttled.after + (jobs * (1 - throttled.after)) / (sum - speeds[0] * (1 - throttled.to));
  const throttling = 'the first worker throttled midway';
  const midway = await together(throttling, false, idealThrottled, async (cluster, quotas) => {
    quotas[0].set(shares[0]);
    await mine(cluster, warmupJobs);
    return mine(cluster, jobs, () => quotas[0].set(shares[0] * throttled.to));
  });
  const style = { head: [], border: [] };
  const alone = new Table({ head: ['alone', ...shares.map((share) => `${share * 100} %`)], style });
  alone.push(['jobs/s', ...speeds.map((speed) => Math.round(speed))]);
  const ratio = new Table({
    head: [`${jobs} MINE_BITCOIN together, time / ideal ${(ideal * 1000).toFixed(0)} ms`, 'median', 'least', 'most'],
    style,
  });
  for (const [name, ratios] of [
    ['Trireme', trireme],
    ['plain round robin', turns],
    [`Trireme, the first worker at a tenth midway (ideal ${(idealThrottled * 1000).toFixed(0)} ms)`, midway],
  ] as const)
    ratio.push([name, ...[median(ratios), Math.min(...ratios), Math.max(...ratios)].map((each) => each.toFixed(2))]);
  process.stdout.write(`${alone.toString()}\n${ratio.toString()}\n`);
}

const command = new Command('bench quotas')
  .description('workers held to unequal speeds by CPU quotas: together beside the sum of what each does alone')
  .addOption(
    new Option('--shares <list>', 'share of a core of each worker').argParser(parseShares).default([1, 0.5, 0.25, 0.1]),
  )
  .addOption(new Option('--jobs <n>', 'MINE_BITCOIN jobs').argParser(integer(100, 1_000_000)).default(20_000))
  .addOption(new Option('--runs <n>', 'of each; medians are shown').argParser(integer(1, 100)).default(5))
  .action(async (options: Options) => {
    const reason = CpuQuota.unavailable();
    if (reason !== null) say(`SKIP: ${reason}`);
    else await measure(options);
  });

command.parseAsync().catch((error: Error) => {
  say(`bench quotas: ${error.message}`);
  process.exitCode = 1;
});
