import { parentPort, workerData } from 'node:worker_threads';
import { TriremeError } from '../../common/errors.js';
import { Extractor } from '../../pcap/extractor.js';
import type { SlottedPiece, SlottedTask } from './extract-split.js';
import { FilePour } from '../file/pour.js';
import type { ThreadData } from '../threads/scan-threads.js';

/** Data that a thread which takes packets out of a file starts with. */
interface ExtractThreadData extends ThreadData {
  readonly fd: number;
  /** Nothing behind it is read. */
  readonly sizeBytes: number;
  /** Where what is taken out of a chunk goes: a task says into which. */
  readonly slots: readonly SharedArrayBuffer[];
}

if (parentPort !== null) {
  const port = parentPort;
  const { module, fd, sizeBytes, scan, told, slots } = workerData as ExtractThreadData;
  port.on('message', (task: SlottedTask) => {
    const { plan, packetsMax, slot } = task;
    const out = new Uint8Array(slots[slot]);
    let bytes = 0;
    const options = {
      filter: scan.filter,
      filterTags: scan.filterTags,
      span: scan.span,
      packetsMax: packetsMax ?? undefined,
    };
    const take = (taken: Uint8Array): void => {
      out.set(taken, bytes);
      bytes += taken.length;
    };
    const extractor = new Extractor(module, options, take, plan);
    let piece: SlottedPiece;
    try {
      new FilePour(fd, extractor, plan.start, sizeBytes).all((read) => (told[0] += read));
      const outcome = extractor.end();
      piece = { task, start: outcome.start, outcome, bytes };
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      piece = { task, start: extractor.start, outcome: { failure: { code, message } }, bytes: 0 };
    }
    port.postMessage(piece);
  });
}
