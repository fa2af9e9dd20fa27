import { secondsEach, type Kind } from './kind.js';
import { answerBytes, loadMiner, type Miner } from './miner.js';

let loaded: Miner | undefined;
const miner = (): Miner => (loaded ??= loadMiner());

/** Seconds of one job at most: one that took a minute is not checked for each of them. */
const secondsMax = 64;

/**
 * What MINE_BITCOIN would have answered in each of these seconds: the payload is the first and the last, as
 * `FIRST-LAST`.
 */
export const kind: Kind = {
  number: 101,
  name: 'MINE_SECONDS',
  clientMay: false,
  lanes: 4,
  resultBytesMax: secondsMax * answerBytes,
  calibrate() {
    const kernel = miner();
    kernel.seconds.fill(Math.floor(Date.now() / 1000), 0, 4);
    return secondsEach(10, 5, () => void kernel.mine(4));
  },
  run(batch) {
    const kernel = miner();
    for (let index = 0; index < batch.count; index++) {
      const match = /^(\d{1,12})-(\d{1,12})$/.exec(Buffer.from(batch.payload(index)).toString('latin1'));
      const [first, last] = [Number(match?.[1]), Number(match?.[2])];
      const count = last - first + 1;
      if (!(count >= 1 && count <= Math.min(secondsMax, kernel.jobsMax))) {
        batch.fail(`the payload is not FIRST-LAST, two seconds of which the last is at most ${secondsMax - 1} later`);
        continue;
      }
      for (let at = 0; at < count; at++) kernel.seconds[at] = first + at;
      batch.answer(kernel.mine(count).subarray(0, count * answerBytes));
    }
  },
};
