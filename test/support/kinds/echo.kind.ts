import { load } from '../../../src/launch.js';
import type { Kind } from '../../../src/kinds/kind.js';

// Of the program that runs it, which may be the packed one.
const { TriremeError } = load('common/errors.js') as typeof import('../../../src/common/errors.js');

/** Answers what it was given, unless that is an order to misbehave. */
export const kind: Kind = {
  number: 201,
  name: 'ECHO',
  clientMay: true,
  calibrate: () => 1e-6,
  run(batch) {
    for (let index = 0; index < batch.count; index++) {
      const text = Buffer.from(batch.payload(index)).toString();
      if (text === 'throw') throw new Error('told to throw');
      if (text === 'elsewhere') throw new TriremeError('FILE_CHANGED', 'told to try elsewhere');
      // In a worker thread this ends the thread, not the process.
      if (text === 'die') process.exit(3);
      if (text === 'spin') for (;;);
      if (text.startsWith('large ')) batch.answer(Buffer.alloc(Number(text.slice(6)), 'x'));
      else if (text === 'count') batch.answer(Buffer.from(String(batch.count)));
      else batch.answer(batch.payload(index));
    }
  },
};
