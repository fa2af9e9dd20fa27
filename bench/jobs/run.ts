import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { cpus, totalmem } from 'node:os';
import { durationMs, integer } from '../../src/common/options.js';
import {
  mineBare,
  startBullMq,
  startGrpc,
  startNats,
  startTrireme,
  type Contestant,
  type Trireme,
} from './contestants.js';

interface Options {
  readonly runs: number;
  readonly duration: number;
  readonly json: boolean;
  /** 0: GET_TIME and MINE_BITCOIN. */
  readonly payload: number;
}

/** Every run of one contestant. */
interface Runs {
  readonly name: string;
  readonly inFlight: number;
  readonly jobsPerSecond: number[];
  /** One request under way at a time. */
  readonly aloneP50Microseconds: number[];
}

const miners = ['trireme lb and workers, TCP lines', 'kernel', 'createHash', 'hash'] as const;

/** The engine compiles what the load balancer runs seldom during its first quarter of a minute. */
const warmUpMs = 15_000;

const say = (words: string): void => void process.stderr.write(`${words}\n`);

const command = new Command('bench jobs')
  .description('GET_TIME and MINE_BITCOIN through Trireme beside grpc-js, NATS and BullMQ, all on this machine')
  .addOption(new Option('--runs <count>', 'rounds; medians are shown').default(5).argParser(integer(1, 100)))
  .addOption(
    new Option('--duration <duration>', 'of each measurement').default(2000, '2s').argParser(durationMs(200, 600_000)),
  )
  .option('--json', 'print JSON', false)
  .addOption(
    new Option('--payload <bytes>', 'have so many bytes echoed instead').default(0).argParser(integer(0, 1_000_000)),
  )
  .action(async ({ runs, duration, json, payload }: Options) => {
    const contestants: Contestant[] = [];
    try {
      const trireme = await startTrireme(payload);
      contestants.push(trireme);
      if (payload === 0) contestants.push(await startGrpc());
      for (const [start, package_] of [
        [startNats, 'nats-server'],
        [startBullMq, 'redis-server'],
      ] as const) {
        const contestant = await start(payload);
        if (contestant === undefined) say(`SKIP: ${package_} is not installed`);
        else contestants.push(contestant);
      }
      const jobs = await raceJobs(contestants, runs, duration);
      // What they do while nobody asks would count against the lb, and against the bare loops.
      for (const peer of contestants.splice(1)) await peer.stop();
      // Longer: here the ratio is near 1, and a shared machine changes its speed within a second or two.
      const mining = payload === 0 ? await raceMining(trireme, runs, 2 * duration) : {};
      const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`;
      process.stdout.write(
        json
          ? `${JSON.stringify({ machine, jobs, mining }, null, 2)}\n`
          : describe(machine, payload === 0 ? 'GET_TIME' : `${payload} bytes echoed`, jobs, mining),
      );
    } finally {
      for (const contestant of contestants) await contestant.stop();
    }
  });

/** Round by round, so that what else the machine does hits all alike. The first round finds the best load for each. */
async function raceJobs(contestants: readonly Contestant[], runs: number, duration: number): Promise<Runs[]> {
  const kept: Runs[] = [];
  for (const contestant of contestants) {
    say(`warm-up: ${contestant.name}`);
    let best = { inFlight: 0, jobsPerSecond: -1 };
    for (const inFlight of contestant.inFlights) {
      // A contestant that stalls under one load may do well under another.
      const tried = await contestant.run(inFlight, Math.min(1000, duration)).catch((error: Error) => {
        say(`${contestant.name} with ${inFlight} under way: ${error.message}`);
        return { jobsPerSecond: -1 };
      });
      const { jobsPerSecond } = tried;
      if (jobsPerSecond > best.jobsPerSecond) best = { inFlight, jobsPerSecond };
    }
    kept.push({ name: contestant.name, inFlight: best.inFlight, jobsPerSecond: [], aloneP50Microseconds: [] });
  }
  for (let round = 1; round <= runs; round++) {
    say(`round ${round} of ${runs}`);
    for (const [i, contestant] of contestants.entries()) {
      kept[i].jobsPerSecond.push((await contestant.run(kept[i].inFlight, duration)).jobsPerSecond);
      kept[i].aloneP50Microseconds.push((await contestant.run(1, duration)).p50Microseconds);
    }
  }
  return kept;
}

async function raceMining(trireme: Trireme, runs: number, duration: number): Promise<Record<string, number[]>> {
  const kept: Record<string, number[]> = Object.fromEntries(miners.map((name) => [name, []]));
  say('MINE_BITCOIN, warm-up');
  await trireme.mine(warmUpMs);
  for (let round = 1; round <= runs; round++) {
    say(`MINE_BITCOIN, round ${round} of ${runs}`);
    const before = await mineBare('kernel', duration);
    kept[miners[0]].push((await trireme.mine(duration)).jobsPerSecond);
    // Around it: a shared machine changes its speed within seconds.
    kept.kernel.push((before + (await mineBare('kernel', duration))) / 2);
    for (const how of ['createHash', 'hash'] as const) {
      // crypto.hash came with Node 20.12.
      const rate = await mineBare(how, duration).catch(() => NaN);
      kept[how].push(rate);
    }
  }
  return kept;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function describe(
  machine: string,
  what: string,
  jobs: readonly Runs[],
  mining: Readonly<Record<string, number[]>>,
): string {
  const style = { head: [], border: [] };
  const [trireme] = jobs;
  const grpc = jobs.find(({ name }) => name.startsWith('grpc-js'));
  const rate = new Table({
    head: [what, 'under way', 'jobs/s', 'least to most', 'trireme is x', 'one under way, p50 us', 'x grpc-js'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style,
  });
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const range = (values: readonly number[]): string => `${whole(Math.min(...values))} to ${whole(Math.max(...values))}`;
  for (const row of jobs) {
    const jobsPerSecond = median(row.jobsPerSecond);
    const alone = median(row.aloneP50Microseconds);
    rate.push([
      row.name,
      whole(row.inFlight),
      whole(jobsPerSecond),
      range(row.jobsPerSecond),
      (median(trireme.jobsPerSecond) / jobsPerSecond).toFixed(1),
      alone.toFixed(0),
      grpc === undefined ? '' : (alone / median(grpc.aloneP50Microseconds)).toFixed(2),
    ]);
  }
  const mine = new Table({
    head: ['MINE_BITCOIN', 'jobs/s', 'least to most', 'trireme is x'],
    colAligns: ['left', 'right', 'right', 'right'],
    style,
  });
  const names: Record<string, string> = {
    kernel: "the workers' kernel in a bare loop, 2 threads",
    createHash: 'crypto.createHash in a loop, 2 threads',
    hash: 'crypto.hash in a loop, 2 threads',
  };
  for (const [name, rates] of Object.entries(mining)) {
    const value = median(rates);
    // Round by round: the speed of a shared machine differs more between rounds than within one.
    const ratio = median(rates.map((rate, round) => mining[miners[0]][round] / rate));
    if (!Number.isNaN(value)) mine.push([names[name] ?? name, whole(value), range(rates), ratio.toFixed(2)]);
  }
  return `${machine}; clients, balancer and workers on the same cores; medians\n${rate.toString()}\n${mine.length > 0 ? `${mine.toString()}\n` : ''}`;
}

command.parseAsync().catch((error: Error) => {
  process.stderr.write(`bench jobs: ${error.message}\n`);
  process.exitCode = 1;
});
