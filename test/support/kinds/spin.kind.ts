import type { Kind } from '../../../src/kinds/kind.js';

/** Answers what it was given; told to spin, it never ends and never looks whether it should. */
export const kind: Kind = {
  number: 204,
  name: 'SPIN',
  clientMay: true,
  timeoutSeconds: 0.5,
  calibrate: () => 1e-6,
  run(batch) {
    for (let index = 0; index < batch.count; index++) {
      const text = Buffer.from(batch.payload(index)).toString();
      if (text === 'spin') for (;;);
      batch.answer(batch.payload(index));
    }
  },
};
