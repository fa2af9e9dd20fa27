import { setImmediate } from 'node:timers/promises';
import type { Kind } from '../../../src/kinds/kind.js';

/** Needs the event loop of its thread before it answers. */
export const kind: Kind = {
  number: 203,
  name: 'LATER',
  clientMay: true,
  calibrate: () => 1e-6,
  async run(batch) {
    await setImmediate();
    if (Buffer.from(batch.payload(0)).toString() === 'throw') throw new Error('thrown later');
    for (let index = 0; index < batch.count; index++) batch.answer(Buffer.from('later'));
  },
};
