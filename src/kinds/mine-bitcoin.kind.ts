import { minedSeconds } from './audit.js';
import { resultBytesMin, secondsEach, type Kind } from './kind.js';
import { answerBytes, loadMiner, type Miner } from './miner.js';

let loaded: Miner | undefined;
// Compiled on the first job: the roles that only want the kind's name do not pay for it.
const miner = (): Miner => (loaded ??= loadMiner());

const lanes = 4;

/**
 * The decimal digits of the current second, SHA-256 applied 256 times (each round over the 32 raw bytes of
 * the last), as 64 hex digits. Each job reads the clock and computes, though jobs of the same second have the
 * same answer.
 */
export const kind: Kind = {
  number: 2,
  name: 'MINE_BITCOIN',
  clientMay: true,
  resultBytesMax: resultBytesMin,
  lanes,
  audit: minedSeconds,
  calibrate() {
    const kernel = miner();
    kernel.seconds.fill(Math.floor(Date.now() / 1000), 0, lanes);
    // The engine compiles the kernel once more, with optimisation, while the first calls run: those are not measured.
    for (const start = performance.now(); performance.now() - start < 10;) kernel.mine(lanes);
    return secondsEach(10, 9, () => void kernel.mine(lanes)) / lanes;
  },
  run(batch) {
    const kernel = miner();
    for (let from = 0; from < batch.count;) {
      const jobs = Math.min(batch.count - from, kernel.jobsMax);
      for (let index = 0; index < jobs; index++) kernel.seconds[index] = Math.floor(Date.now() / 1000);
      batch.answerEach(kernel.mine(jobs), answerBytes);
      from += jobs;
    }
  },
};
