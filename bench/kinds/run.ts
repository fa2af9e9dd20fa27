/**
 * What a job of each kind costs: MINE_BITCOIN hashed by node:crypto, by the kernel in one lane and in four,
 * and through the job threads; GET_TIME through the threads; and what a job alone pays for the hop to a
 * thread and back. `node dist/bench/kinds/run.js [--json]`
 */
import * as crypto from 'node:crypto';
import { kind as getTime } from '../../src/kinds/get-time.kind.js';
import { kind as mineBitcoin } from '../../src/kinds/mine-bitcoin.kind.js';
import { loadMiner } from '../../src/kinds/miner.js';
import { HopMeter } from './hop-meter.js';

const rounds = 15;
/** Jobs of one measurement: some 5 ms of the kernel. */
const jobsEach = 256;
const second = (): number => Math.floor(Date.now() / 1000);

type Hash = (data: string | Buffer) => Buffer;
const createHash: Hash = (data) => crypto.createHash('sha256').update(data).digest();
// Since Node 20.12; the types of Node 20 do not know it.
const oneShot = (crypto as unknown as { hash?: (name: string, data: string | Buffer, as: 'buffer') => Buffer }).hash;

function mineWith(hash: Hash): void {
  let digest = hash(String(second()));
  for (let round = 1; round < 256; round++) digest = hash(digest);
}

/** Microseconds of one of `jobs` jobs. */
async function timed(jobs: number, work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return ((performance.now() - start) * 1000) / jobs;
}

// The least of the rounds: what the code costs when the machine is left alone. A busy machine only adds.
const least = (values: readonly number[]): number => Math.min(...values);

async function main(): Promise<void> {
  const miner = loadMiner();
  const meter = new HopMeter();
  await meter.start();
  const cases: Record<string, () => Promise<number>> = {
    'MINE_BITCOIN, crypto.createHash loop': () => timed(8, () => repeat(8, () => mineWith(createHash))),
    ...(oneShot === undefined
      ? {}
      : {
          'MINE_BITCOIN, crypto.hash loop': () =>
            timed(8, () => repeat(8, () => mineWith((data) => oneShot('sha256', data, 'buffer')))),
        }),
    'MINE_BITCOIN, kernel, one lane': () =>
      timed(jobsEach, () => {
        miner.seconds.fill(second());
        miner.mineOneLane(jobsEach);
      }),
    'MINE_BITCOIN, kernel, four lanes': () =>
      timed(jobsEach, () => {
        miner.seconds.fill(second());
        miner.mine(jobsEach);
      }),
    'MINE_BITCOIN, through one job thread': () =>
      timed(jobsEach * 8, () => meter.run(mineBitcoin.number, jobsEach * 8)),
    'GET_TIME, through one job thread': () => timed(100_000, () => meter.run(getTime.number, 100_000)),
    'hop of a lone GET_TIME to a thread and back': () => timed(500, () => meter.oneByOne(getTime.number, 500)),
    'hop of a lone MINE_BITCOIN, its time included': () => timed(100, () => meter.oneByOne(mineBitcoin.number, 100)),
  };
  const measured = new Map(Object.keys(cases).map((name) => [name, [] as number[]]));
  // Round by round, so that a disturbance of the machine meets every case alike.
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(cases)) {
      const micros = await run();
      if (round > 0) measured.get(name)?.push(micros);
    }
  }
  await meter.close();
  report(new Map([...measured].map(([name, values]) => [name, least(values)])));
}

function repeat(times: number, work: () => void): void {
  for (let time = 0; time < times; time++) work();
}

function report(micros: ReadonlyMap<string, number>): void {
  const of = (name: string): number => micros.get(name) ?? NaN;
  const lanes = of('MINE_BITCOIN, kernel, four lanes');
  const ratios = {
    'four lanes against the crypto.hash loop': of('MINE_BITCOIN, crypto.hash loop') / lanes,
    'four lanes against the createHash loop': of('MINE_BITCOIN, crypto.createHash loop') / lanes,
    'four lanes against one lane': of('MINE_BITCOIN, kernel, one lane') / lanes,
    'job thread against the bare kernel': lanes / of('MINE_BITCOIN, through one job thread'),
  };
  if (process.argv.includes('--json')) {
    process.stdout.write(`${JSON.stringify({ microsecondsPerJob: Object.fromEntries(micros), ratios })}\n`);
    return;
  }
  for (const [name, value] of micros)
    process.stdout.write(`${name.padEnd(48)} ${value.toFixed(2).padStart(9)} us per job\n`);
  for (const [name, value] of Object.entries(ratios)) {
    process.stdout.write(`${name.padEnd(48)} ${value.toFixed(2).padStart(9)} times as fast\n`);
  }
}

void main();
