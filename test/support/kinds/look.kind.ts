import { setTimeout } from 'node:timers/promises';
import type { Kind } from '../../../src/kinds/kind.js';

/** Runs until nobody waits for it any more, for which it looks; told to be quick, it answers at once. */
export const kind: Kind = {
  number: 205,
  name: 'LOOK',
  clientMay: true,
  timeoutSeconds: 60,
  calibrate: () => 1e-6,
  async run(batch) {
    for (let index = 0; index < batch.count; index++) {
      const quick = Buffer.from(batch.payload(index)).toString() === 'quick';
      while (!quick && !batch.cancelled()) await setTimeout(5);
      if (quick) batch.answer(Buffer.from('quick'));
      else batch.notRun('stopped');
    }
  },
};
