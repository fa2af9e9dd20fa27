/**
 * What it costs the load balancer that somebody looks: throughput with the live page open in 50 browsers'
 * worth of event streams over that with none, and with picks kept over that with none kept. Both sides of a
 * ratio alternate in one run: `node dist/bench/page/run.js [--quick]`. The whole takes a minute, --quick half
 * of that.
 */
import { get } from 'node:http';
import { join } from 'node:path';
import { projectRoot } from '../../src/common/version.js';
import { Child } from '../jobs/child.js';
import { printTable } from '../policy/table.js';

const trireme = join(projectRoot, 'bin', 'trireme');
const streams = 50;
const rounds = process.argv.includes('--quick') ? 3 : 5;
const seconds = process.argv.includes('--quick') ? 2 : 3;

interface Addresses {
  readonly tcp: string;
  readonly grpc: string;
  readonly admin: string;
}

/** An lb with two workers. */
async function startLb(...args: string[]): Promise<{ at: Addresses; stop: () => Promise<void> }> {
  const any = '127.0.0.1:0';
  const lb = new Child(process.execPath, [trireme, 'lb', '--tcp', any, '--grpc', any, '--admin', any, ...args]);
  const listening = (line: string): Addresses | undefined =>
    line.includes('"listening"') ? (JSON.parse(line) as Addresses) : undefined;
  const at = await lb.say('stderr', listening);
  const attached = (line: string): true | undefined => (line.includes('"attached"') ? true : undefined);
  const workers = [1, 1].map(
    (slots) => new Child(process.execPath, [trireme, 'worker', '--host', at.grpc, '--slots', String(slots)]),
  );
  await Promise.all(workers.map((worker) => worker.say('stderr', attached)));
  return {
    at,
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await lb.stop();
    },
  };
}

/** GET_TIME jobs a second, with 4 times 512 under way. */
async function jobsPerSecond({ tcp }: Addresses): Promise<number> {
  const args = [trireme, 'bench-jobs', '--lb', tcp, '--duration', `${seconds}s`, '--json'];
  const client = new Child(process.execPath, args);
  const { jobsPerSecond: rate } = await client.report<{ jobsPerSecond: number }>();
  return rate;
}

/** Opens event streams as browsers do, and reads them. */
async function open({ admin }: Addresses): Promise<{ bytes: () => number; close: () => void }> {
  let bytes = 0;
  const requests = await Promise.all(
    Array.from(
      { length: streams },
      () =>
        new Promise<ReturnType<typeof get>>((resolve, reject) => {
          const request = get(`http://${admin}/api/events`, { agent: false }, (response) => {
            response.on('data', (chunk: Buffer) => (bytes += chunk.length));
            response.on('error', () => undefined);
            resolve(request);
          });
          request.on('error', reject);
        }),
    ),
  );
  return {
    bytes: () => bytes,
    close: () => requests.forEach((request) => request.on('error', () => undefined).destroy()),
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];

const row = (name: string, without: readonly number[], withIt: readonly number[]): string[] => {
  const ratios = withIt.map((rate, at) => rate / without[at]);
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const [before, after] = [without, withIt].map((rates) => Math.round(median(rates)).toLocaleString('en-US'));
  return [name, before, after, median(ratios).toFixed(3), spread];
};

async function main(): Promise<void> {
  const keeping = await startLb();
  const silent = await startLb('--pick-sample', '1e9');
  try {
    await jobsPerSecond(keeping.at);
    await jobsPerSecond(silent.at);
    const rates = { alone: [] as number[], watched: [] as number[], kept: [] as number[], notKept: [] as number[] };
    let eventBytes = 0;
    for (let round = 0; round < rounds; round++) {
      rates.notKept.push(await jobsPerSecond(silent.at));
      rates.kept.push(await jobsPerSecond(keeping.at));
      rates.alone.push(await jobsPerSecond(keeping.at));
      const browsers = await open(keeping.at);
      rates.watched.push(await jobsPerSecond(keeping.at));
      eventBytes += browsers.bytes();
      browsers.close();
    }
    printTable(
      'GET_TIME jobs a second of one lb, two workers of one slot',
      ['', 'without', 'with', 'ratio', 'of all rounds'],
      [
        row(`the page open in ${streams} browsers`, rates.alone, rates.watched),
        row('picks kept for trireme why', rates.notKept, rates.kept),
      ],
    );
    console.log(`${(eventBytes / rounds / streams / 1000).toFixed(0)} kB to each browser in a round`);
  } finally {
    await keeping.stop();
    await silent.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
