import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Kind } from '../../../src/kinds/kind.js';

/** Answers the SHA-256 of the bytes of its source; a stream that stays open keeps its thread busy. */
export const kind: Kind = {
  number: 202,
  name: 'READER',
  clientMay: false,
  needsSource: true,
  unitsOf: (payload) => Number(Buffer.from(payload).toString() || '1'),
  calibrate: () => 0.5,
  run(batch) {
    const hash = createHash('sha256');
    let bytes = 0;
    if (batch.source?.type === 'file') hash.update(readFileSync(batch.source.path));
    else {
      for (let part = batch.source?.read(); part != null; part = batch.source?.read()) {
        // A copy: node:crypto takes no shared memory.
        hash.update(Buffer.from(part));
        batch.progress((bytes += part.length));
      }
    }
    if (batch.cancelled()) return batch.notRun('stopped');
    batch.answer(hash.digest());
  },
};
