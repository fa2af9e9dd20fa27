import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { TriremeError } from '../../common/errors.js';
import { Extractor } from '../../pcap/extractor.js';
import type { TakenPiece, TakeTask, WriteTask, Written } from './extract-split.js';
import { FilePour } from '../file/pour.js';
import type { ThreadData } from '../threads/scan-threads.js';

/** Data that a thread which takes packets out of a file starts with. */
interface ExtractThreadData extends ThreadData {
  readonly fd: number;
  /** Nothing behind it is read. */
  readonly sizeBytes: number;
  /** The file that rooms are written to; null: they are written elsewhere. */
  readonly outFd: number | null;
}

if (parentPort !== null) {
  const port = parentPort;
  const { module, fd, sizeBytes, outFd, scan, told } = workerData as ExtractThreadData;

  const take = ({ chunk, room }: TakeTask): TakenPiece => {
    const out = new Uint8Array(room);
    let bytes = 0;
    const options = {
      filter: scan.filter,
      filterTags: scan.filterTags,
      span: scan.span,
      packetsMax: chunk.packetsMax ?? undefined,
    };
    const onBytes = (taken: Uint8Array): void => {
      out.set(taken, bytes);
      bytes += taken.length;
    };
    const { plan } = chunk;
    const extractor = new Extractor(module, options, onBytes, plan);
    try {
      new FilePour(fd, extractor, plan.start, sizeBytes, plan.end ?? undefined).all((read) => (told[0] += read));
      const outcome = extractor.end();
      return { task: chunk, start: outcome.start, outcome, room, bytes };
    } catch (error) {
      const { code, message } = TriremeError.from(error);
      return { task: chunk, start: extractor.start, outcome: { failure: { code, message } }, room, bytes: 0 };
    }
  };

  const write = ({ room, bytes, at }: WriteTask): Written => {
    try {
      for (let done = 0; done < bytes;) done += writeSync(outFd!, new Uint8Array(room), done, bytes - done, at + done);
      return { room, refused: null };
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      return { room, refused: { message, code } };
    }
  };

  port.on('message', (task: TakeTask | WriteTask) => {
    port.postMessage('chunk' in task ? take(task) : write(task), [task.room]);
  });
}
