// MINE_BITCOIN without any network, in a bare loop on so many threads: `mining.js kernel|createHash|hash THREADS MS`.
import * as crypto from 'node:crypto';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { loadMiner } from '../../../src/kinds/miner.js';
import { say, time } from '../closed-loop.js';

const rounds = 256;

interface Work {
  readonly how: string;
  readonly durationMs: number;
}

/** A function that mines some jobs and says how many. */
function miner(how: string): () => number {
  if (how === 'kernel') {
    const kernel = loadMiner();
    return () => {
      kernel.seconds.fill(Math.floor(Date.now() / 1000));
      kernel.mine(kernel.jobsMax);
      return kernel.jobsMax;
    };
  }
  const hash = (crypto as { hash?: (name: string, data: crypto.BinaryLike, form: 'buffer') => Buffer }).hash;
  if (how === 'hash' && hash === undefined) throw new Error('this Node has no crypto.hash');
  const digest = (data: crypto.BinaryLike): Buffer =>
    how === 'hash' && hash !== undefined
      ? hash('sha256', data, 'buffer')
      : crypto.createHash('sha256').update(data).digest();
  return () => {
    let bytes = digest(time());
    for (let round = 1; round < rounds; round++) bytes = digest(bytes);
    bytes.toString('hex');
    return 1;
  };
}

if (isMainThread) {
  const [how, threads, durationMs] = process.argv.slice(2);
  void (async () => {
    const workers = Array.from(
      { length: Number(threads) },
      () => new Worker(__filename, { workerData: { how, durationMs: Number(durationMs) } satisfies Work }),
    );
    const rates = await Promise.all(workers.map(async (worker) => ((await once(worker, 'message')) as [number])[0]));
    say({ jobsPerSecond: rates.reduce((sum, rate) => sum + rate, 0) });
  })();
} else {
  const { how, durationMs } = workerData as Work;
  const mine = miner(how);
  for (let i = 0; i < 50; i++) mine();
  const fromMs = performance.now();
  let jobs = 0;
  let nowMs = fromMs;
  for (; nowMs - fromMs < durationMs; nowMs = performance.now()) jobs += mine();
  parentPort?.postMessage((jobs * 1000) / (nowMs - fromMs));
}
