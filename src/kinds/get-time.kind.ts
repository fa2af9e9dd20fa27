import { resultBytesMin, secondsEach, type Kind } from './kind.js';

const digitsMax = 16;
const scratch = new Uint8Array(digitsMax);

/** The current second in decimal, written into scratch from its start. Returns the number of digits. */
function writeSecond(): number {
  let rest = Math.floor(Date.now() / 1000);
  let length = 1;
  for (let power = 10; power <= rest; power *= 10) length++;
  for (let at = length - 1; at >= 0; at--) {
    const tenth = Math.floor(rest / 10);
    scratch[at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return length;
}

/** Whole seconds since 1970, in decimal, read from the clock for each job. */
export const kind: Kind = {
  number: 1,
  name: 'GET_TIME',
  clientMay: true,
  resultBytesMax: resultBytesMin,
  calibrate: () => secondsEach(200, 5, () => void writeSecond()),
  run(batch) {
    for (let index = 0; index < batch.count; index++) batch.answer(scratch.subarray(0, writeSecond()));
  },
};
